"""The template `intro`: who is speaking, on a plate over the footage."""

from __future__ import annotations

from rendering.engine.timeline import Clip, Layer, ShapeLayer, Sound, VideoLayer
from rendering.video_templates.base import SceneFrame, Template
from rendering.video_templates.colours import WHITE
from rendering.video_templates.fields import Asset, Text
from rendering.video_templates.figures import mark, own_sound, pill, pill_size
from rendering.video_templates.layout import base_size, leave, safe_area, slide, words
from rendering.video_templates.lettering import height, largest, text_width

PLATE = "#0e1320"


class Intro(Template):
    """Somebody speaks: the video over the whole frame, with name, role and team on a plate."""

    template = "intro"
    turns = True
    video = Asset("video", required=True, help="The video of the person.")
    team = Text(most=60, required=True, help="The team or company.")
    full_name = Text(most=80, required=True, help="The person's name.")
    role = Text(most=120, required=True, help="What the person does.")

    def clip(self, scene: SceneFrame) -> Clip:
        footage = VideoLayer(asset=scene.assets[self.video].sha256)
        return Clip(frames=scene.frames, layers=(footage, *self.plate(scene)))

    def sounds(self, scene: SceneFrame) -> tuple[Sound, ...]:
        return own_sound(scene.assets[self.video], scene)

    def plate(self, scene: SceneFrame) -> tuple[Layer, ...]:
        """Few and small layers, for they are laid over every frame of the footage."""
        left, top, width, room = safe_area(scene)
        base = base_size(scene)
        side, edge = 1.1 * base, 0.8 * base
        widest = min(width, 24 * base if scene.width > scene.height else width)
        inner = widest - 2 * side
        name_size = largest(self.full_name, (inner, 5.6 * base), (1.6 * base, 2.5 * base), bold=True)
        role_size = largest(self.role, (inner, 3.2 * base), (base, 1.25 * base))
        name_high = height(self.full_name, name_size, inner, bold=True)
        role_high = min(height(self.role, role_size, inner), 3.2 * base)
        runs = (text_width(self.full_name, name_size, bold=True), text_width(self.role, role_size))
        wide = min(widest, max(9 * base, max(runs) * 1.04 + 2 * side))
        high = min(room - 1.2 * base, name_high + role_high + 2 * edge)
        at = top + room - high
        accent, ink = mark(scene)
        tag_size = 0.9 * base
        _, tag_high = pill_size(self.team, tag_size, wide)
        name_box = (left + side, at + edge, wide - 2 * side, name_high)
        role_box = (left + side, at + edge + name_high, wide - 2 * side, role_high)
        parts: list[tuple[int, Layer]] = [
            (0, ShapeLayer(box=(left, at, wide, high), color=f"{PLATE}e6", radius=0.45 * base)),
            (0, ShapeLayer(box=(left, at + edge, 0.26 * base, high - 2 * edge), color=accent)),
            (2, words(scene, self.full_name, name_box, (name_size, name_size), WHITE, bold=True, anchor="middle")),
            (3, words(scene, self.role, role_box, (role_size, role_size), "#c9d0de", anchor="middle")),
            *[
                (1, layer)
                for layer in pill(
                    scene, self.team, (left + side, at - 0.55 * tag_high), tag_size, (accent, ink), wide - 2 * side
                )
            ],
        ]
        return tuple(leave(slide(layer, scene, turn, -1.6 * base), scene) for turn, layer in parts)
