"""The template `picture`: a still that fills the frame and may move slowly."""

from __future__ import annotations

from typing import cast, get_args

from rendering.engine.timeline import Clip, ImageLayer, Motion
from rendering.video_templates.base import SceneFrame, Template
from rendering.video_templates.fields import Asset, Choice


class Picture(Template):
    """A still picture over the whole frame, with a slow camera movement."""

    template = "picture"
    image = Asset("image", required=True, help="The picture.")
    motion = Choice("none", among=get_args(Motion), help="How the camera moves over it.")

    def clip(self, scene: SceneFrame) -> Clip:
        still = ImageLayer(asset=scene.assets[self.image].sha256, motion=cast(Motion, self.motion))
        return Clip(frames=scene.frames, layers=(still,))
