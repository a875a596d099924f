"""The template `persona`: somebody for whom a thing is made, with what moves them."""

from __future__ import annotations

from typing import Literal

from rendering.engine.timeline import Box, Clip, ImageLayer, Layer, ShapeLayer
from rendering.video_templates.base import SceneFrame, Template
from rendering.video_templates.blocks import Block, stacked, tall
from rendering.video_templates.colours import WHITE, ground, mix, readable
from rendering.video_templates.fields import Asset, Text
from rendering.video_templates.figures import badge, paper, pill, pill_size, sheet
from rendering.video_templates.groups import ListOf
from rendering.video_templates.layout import base_size, enter, leave, safe_area, words
from rendering.video_templates.lettering import height, largest


class Persona(Template):
    """A person with name, role and what is typical of them: a photo, a few traits, a quote."""

    template = "persona"
    turns = True
    name = Text(most=80, required=True, help="The person's name.")
    role = Text(most=120, required=True, help="What the person does.")
    photo = Asset("image", help="A portrait; the initials stand in its place when there is none.")
    traits = ListOf(Text(most=60, required=True), most=8, help="A few words each.")
    quote = Text(most=280, help="What the person says.")

    def clip(self, scene: SceneFrame) -> Clip:
        tint = paper(scene)[0]
        parts = self.arranged(scene)
        rise = 0.03 * scene.height
        moving = [leave(enter(layer, scene, turn, rise), scene) for turn, part in enumerate(parts) for layer in part]
        return Clip(frames=scene.frames, layers=(*sheet(scene, tint), *moving), background=tint)

    def arranged(self, scene: SceneFrame) -> list[tuple[Layer, ...]]:
        """Wide: the photo beside everything. Upright: above it. In between: beside name and role, the rest below."""
        left, top, width, room = safe_area(scene)
        base, ratio = base_size(scene), scene.width / scene.height
        if ratio >= 1.2:
            side = min(0.37 * width, 0.75 * room)
            photo = (left, top + (room - min(room, 1.4 * side)) / 2, side, min(room, 1.4 * side))
            at = left + side + 2.6 * base
            wide = min(left + width - at, 40 * base)
            head = self.head(scene, wide, 0.42 * room, at)
            column = [*head, *self.rest(scene, (at, 0, wide, room - tall(head) - 1.4 * base))]
            return [self.portrait(scene, photo), *stacked(column, top + max(0.0, room - tall(column)) / 2)]
        if ratio > 0.9:
            side = 0.3 * width
            beside = left + side + 1.5 * base
            head = self.head(scene, left + width - beside, side, beside)
            rest = self.rest(scene, (left, 0, width, room - side - 1.8 * base))
            used = side + (1.8 * base + tall(rest) if rest else 0)
            top += max(0.0, room - used) / 2
            placed = stacked(head, top + max(0.0, side - tall(head)) / 2)
            return [
                self.portrait(scene, (left, top, side, side)),
                *placed,
                *stacked(rest, top + side + 1.8 * base),
            ]
        wanted = bool(self.traits) + bool(self.quote)
        for share in (0.34, 0.27, 0.2):  # a smaller photo rather than no quote
            side = min(0.6 * width, share * room)
            head = self.head(scene, width, 0.26 * room, left, "center")
            rest = self.rest(scene, (left, 0, width, room - side - tall(head) - 2.8 * base), "center")
            if len(rest) == wanted:
                break
        column = [*head, *rest]
        top += max(0.0, room - side - 1.2 * base - tall(column)) / 2
        photo = (left + (width - side) / 2, top, side, side)
        return [self.portrait(scene, photo), *stacked(column, top + side + 1.2 * base)]

    def portrait(self, scene: SceneFrame, box: Box) -> tuple[Layer, ...]:
        upright = box[3] > box[2]
        radius = base_size(scene) if upright else box[2] / 2
        if self.photo:
            return (ImageLayer(asset=scene.assets[self.photo].sha256, box=box, radius=radius),)
        letters = initials(self.name)
        color, color_to, ink = ground(scene.brand.color)
        if not upright:
            return badge(scene, letters, box)
        inner, sizes = (box[0] + 0.1 * box[2], box[1], 0.8 * box[2], box[3]), (base_size(scene), 0.42 * box[2])
        return (
            ShapeLayer(box=box, color=color, color_to=color_to, radius=radius),
            words(scene, letters, inner, sizes, ink, bold=True, align="center", anchor="middle"),
        )

    def head(
        self, scene: SceneFrame, width: float, room: float, left: float, align: Literal["start", "center"] = "start"
    ) -> list[Block]:
        """Name and role."""
        base = base_size(scene)
        _, accent, ink, _ = paper(scene)

        def line(text: str, share: float, sizes: tuple[float, float], color: str) -> Block:
            size = largest(text, (width, share * room), sizes, bold=True)
            high = min(height(text, size, width, bold=True), share * room)

            def layers(top: float) -> tuple[Layer, ...]:
                return (words(scene, text, (left, top, width, high), (size, size), color, bold=True, align=align),)

            return Block(high, 0.2 * base, layers)

        return [
            line(self.name, 0.6, (1.4 * base, 3.6 * base), ink),
            line(self.role, 0.38, (0.95 * base, 1.4 * base), accent),
        ]

    def rest(self, scene: SceneFrame, box: Box, align: Literal["start", "center"] = "start") -> list[Block]:
        """Traits and quote, as far as there is room for them."""
        base, room = base_size(scene), box[3]
        found = []
        if self.traits and room > 2.4 * base:
            share = room if not self.quote else max(0.5 * room, 2.4 * base)
            found.append(self.chips(scene, box, share, align))
            room -= found[0].height + 1.4 * base
        if self.quote and room > 4 * base:
            found.append(self.said(scene, box, room))
        return found

    def chips(self, scene: SceneFrame, box: Box, room: float, align: str) -> Block:
        """The traits, row by row, in the largest of a few sizes at which all of them fit; else what fits."""
        base = base_size(scene)
        plate = mix(WHITE, scene.brand.color, 0.14)
        ink = readable(scene.brand.color, plate)
        gap = 0.5 * base
        for size in (1.1 * base, base, 0.85 * base):
            rows = flow(self.traits, size, gap, box[2])
            step = 2.0 * size + gap
            if len(rows) * step - gap <= room:
                break
        rows = rows[: max(1, int((room + gap) / step))]

        def layers(top: float) -> tuple[Layer, ...]:
            found: list[Layer] = []
            for number, row in enumerate(rows):
                runs = [pill_size(text, size, box[2])[0] for text in row]
                at = box[0] + ((box[2] - sum(runs) - gap * (len(row) - 1)) / 2 if align == "center" else 0.0)
                for text, wide in zip(row, runs, strict=True):
                    found += pill(scene, text, (at, top + number * step), size, (plate, ink), box[2])
                    at += wide + gap
            return tuple(found)

        return Block(len(rows) * step - gap, 1.4 * base, layers)

    def said(self, scene: SceneFrame, box: Box, room: float) -> Block:
        """The quote on a white card with a stroke of the accent."""
        base = base_size(scene)
        edge, side = 0.9 * base, 1.3 * base
        width = box[2] - 2 * side
        text = f"“{self.quote.strip(QUOTES)}”"
        size = largest(text, (width, room - 2 * edge), (0.9 * base, 1.45 * base))
        high = min(height(text, size, width), room - 2 * edge)
        _, accent, ink, _ = paper(scene)

        def layers(top: float) -> tuple[Layer, ...]:
            inner = (box[0] + side, top + edge, width, high)
            return (
                ShapeLayer(box=(box[0], top, box[2], high + 2 * edge), color=WHITE, radius=0.5 * base),
                ShapeLayer(box=(box[0], top + edge, 0.26 * base, high), color=accent),
                words(scene, text, inner, (size, size), ink, anchor="middle"),
            )

        return Block(high + 2 * edge, 1.4 * base, layers)


QUOTES = "“”\"„»«' "


def initials(name: str) -> str:
    """The first letters of the first and the last word."""
    parts = [part for part in name.split() if part[0].isalnum()] or [name]
    return "".join(part[0].upper() for part in (parts[0], *parts[1:][-1:]))


def flow(texts: list[str], size: float, gap: float, width: float) -> list[list[str]]:
    """Pills in rows."""
    rows: list[list[str]] = [[]]
    run = 0.0
    for text in texts:
        wide, _ = pill_size(text, size, width)
        if rows[-1] and run + gap + wide > width:
            rows.append([])
            run = 0.0
        run += wide + (gap if rows[-1] else 0.0)
        rows[-1].append(text)
    return rows
