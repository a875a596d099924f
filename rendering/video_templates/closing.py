"""The template `closing`: the last card, with what to do next."""

from __future__ import annotations

from rendering.engine.timeline import Clip
from rendering.video_templates.base import SceneFrame, Template
from rendering.video_templates.fields import Asset, Text


class Closing(Template):
    """The last card: a title, what to do next, and where."""

    template = "closing"
    title = Text(most=120, required=True, help="The last thing said.")
    call_to_action = Text(most=80, required=True, help="What to do next.")
    url = Text(most=200, help="Where.")
    logo = Asset("image", help="Instead of the brand's logo.")
    contact = Text(most=200, help="Whom to ask.")

    def clip(self, scene: SceneFrame) -> Clip:
        return Clip(frames=scene.frames, layers=())
