"""The template `announcement`: news in a few words, with a picture or footage beside them."""

from __future__ import annotations

from rendering.engine.timeline import Box, Clip, ImageLayer, Layer, ShapeLayer, Sound, VideoLayer
from rendering.video_templates.base import SceneFrame, Template
from rendering.video_templates.colours import WHITE, ground, mix, readable
from rendering.video_templates.fields import Asset, Text
from rendering.video_templates.figures import bar, discs, own_sound
from rendering.video_templates.layout import base_size, enter, leave, safe_area, slide, words
from rendering.video_templates.lettering import height, one_line


class Announcement(Template):
    """News: a title and a few sentences; a picture or a video fills one side of the frame."""

    template = "announcement"
    turns = True
    title = Text(most=120, required=True, help="The news.")
    body = Text(most=400, required=True, help="What there is to say about it.")
    image = Asset("image", help="A picture beside the words; on a small card when there is a video too.")
    video = Asset("video", help="A video beside the words, with its sound.")

    def clip(self, scene: SceneFrame) -> Clip:
        color, color_to, ink = ground(scene.brand.color)
        panel, column = self.places(scene)
        layers = (*discs(scene, color, color_to), *self.shown(scene, panel), *self.said(scene, column, ink, color))
        return Clip(frames=scene.frames, layers=layers, background=color)

    def sounds(self, scene: SceneFrame) -> tuple[Sound, ...]:
        return own_sound(scene.assets[self.video], scene) if self.video else ()

    def places(self, scene: SceneFrame) -> tuple[Box | None, Box]:
        """Where the picture is, if there is one, and where the words are."""
        left, top, width, room = safe_area(scene)
        base = base_size(scene)
        if not (self.image or self.video):
            return None, (left, top, min(width, 44 * base), room)
        if scene.width >= 1.2 * scene.height:
            share = 0.5 if scene.width < 2 * scene.height else 0.55
            edge = scene.width * (1 - share)
            return (edge, 0.0, scene.width - edge, float(scene.height)), (left, top, edge - left - 2.2 * base, room)
        edge = scene.height * (0.46 if scene.height > 1.1 * scene.width else 0.42)
        at = edge + 2.2 * base
        return (0.0, 0.0, float(scene.width), edge), (left, at, width, top + room - at)

    def shown(self, scene: SceneFrame, panel: Box | None) -> tuple[Layer, ...]:
        if panel is None:
            return ()
        beside = panel[0] > 0
        across, down = (0.05 * scene.width, 0.0) if beside else (0.0, -0.04 * scene.height)
        if not self.video:
            still = ImageLayer(asset=scene.assets[self.image].sha256, box=panel, motion="zoom_in")
            return (slide(still, scene, 0, across) if beside else enter(still, scene, 0, down),)
        footage = VideoLayer(asset=scene.assets[self.video].sha256, box=panel)
        first: Layer = slide(footage, scene, 0, across) if beside else enter(footage, scene, 0, down)
        return (first, *self.card(scene, panel)) if self.image else (first,)

    def card(self, scene: SceneFrame, panel: Box) -> tuple[Layer, ...]:
        """The picture on a white card in a corner of the footage."""
        base, facts = base_size(scene), scene.assets[self.image]
        edge = 0.3 * base
        side = 0.36 * min(panel[2], panel[3])
        ratio = min(max((facts.width or 1) / (facts.height or 1), 0.6), 1.8)
        wide, high = (side, side / ratio) if ratio > 1 else (side * ratio, side)
        _, top, _, room = safe_area(scene)
        right = panel[0] + panel[2] - max(1.6 * base, 0.05 * scene.width)
        low = min(panel[1] + panel[3], top + room) - (0 if panel[0] else 1.4 * base)
        box = (right - wide, low - high, wide, high)
        frame = (box[0] - edge, box[1] - edge, wide + 2 * edge, high + 2 * edge)
        parts = (
            ShapeLayer(box=frame, color=WHITE, radius=0.5 * base),
            ImageLayer(asset=facts.sha256, box=box, radius=0.3 * base),
        )
        return tuple(enter(part, scene, 4, 0.03 * scene.height) for part in parts)

    def said(self, scene: SceneFrame, column: Box, ink: str, color: str) -> tuple[Layer, ...]:
        """A stroke, the title and the body, as one block in the middle of the column's height."""
        left, top, width, room = column
        base = base_size(scene)
        gap, stroke = 1.1 * base, 1.3 * base
        alone = not (self.image or self.video)
        most = (5.2 if alone else 3.6) * base
        room -= stroke + gap
        body_width = min(width, 36 * base)
        title = most
        while True:  # both become smaller together, so that the title stays the larger
            title = one_line(self.title, title, width, bold=True)
            body = min(max(0.5 * title, base), 1.7 * base)
            title_high, body_high = height(self.title, title, width, bold=True), height(self.body, body, body_width)
            if title_high + body_high <= room or title < 1.3 * base:
                break
            title *= 0.96
        title_high = min(title_high, room - min(body_high, 0.5 * room))
        body_high = min(body_high, room - title_high)
        at = top + max(0.0, room - title_high - body_high) / 2
        soft = readable(mix(ink, color, 0.14), color)
        title_box = (left, at + stroke, width, title_high)
        body_box = (left, at + stroke + title_high + gap, body_width, body_high)
        parts = (
            bar(scene, left, at, ink),
            words(scene, self.title, title_box, (base, title), ink, bold=True),
            words(scene, self.body, body_box, (0.8 * base, body), soft),
        )
        rise = 0.03 * scene.height
        return tuple(leave(enter(part, scene, turn + 1, rise), scene) for turn, part in enumerate(parts))
