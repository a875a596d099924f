"""The template `how_it_works`: one to six steps on cards that come one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any

from rendering.engine.timeline import Box, Clip, ImageLayer, Layer, ShapeLayer
from rendering.video_templates.base import SceneFrame, Template
from rendering.video_templates.colours import WHITE
from rendering.video_templates.fields import Asset, Text
from rendering.video_templates.figures import badge, bar, paper, sheet
from rendering.video_templates.groups import Group, ListOf
from rendering.video_templates.layout import base_size, enter, leave, safe_area, spread, words
from rendering.video_templates.lettering import LINE, height, largest

SHRINK = 0.95
LARGEST, LARGEST_UPRIGHT = 1.45, 1.8
"""A card's unit in base sizes; an upright frame has room to spare."""


@dataclass(frozen=True)
class Grid:
    """How the cards stand, and the sizes of their words."""

    columns: int
    rows: int
    width: float
    height: float
    unit: float
    """All sizes of a card are multiples of it."""
    upright: bool
    """The picture above the words, not beside them."""
    pictured: bool

    @property
    def inner(self) -> float:
        """What words have of a card's width."""
        if self.upright:
            return self.width - 2.2 * self.unit
        return max(self.width - 5.5 * self.unit - self.picture, self.unit)

    @property
    def picture(self) -> float:
        """What a picture takes of a card's height, or of its width."""
        return (0.42 if self.upright else 0.26) * self.width if self.pictured else 0.0

    def card(self, number: int, count: int, place: tuple[float, float], gap: float) -> Box:
        """The cards of a last row that is not full stand in the middle."""
        row, column = divmod(number, self.columns)
        missing = self.columns - min(self.columns, count - row * self.columns)
        left = place[0] + (column + missing / 2) * (self.width + gap)
        return left, place[1] + row * (self.height + gap), self.width, self.height


class HowItWorks(Template):
    """Steps, explained: a title, and one to six cards with number, title, text and maybe a picture."""

    template = "how_it_works"
    turns = True
    title = Text(most=120, required=True, help="What is explained.")
    steps = ListOf(
        Group(
            {
                "title": Text(most=60, required=True, help="The step in a few words."),
                "text": Text(most=200, required=True, help="What happens."),
                "image": Asset("image", help="A picture of it."),
            }
        ),
        least=1,
        most=6,
        required=True,
        help="The steps in their order.",
    )

    def clip(self, scene: SceneFrame) -> Clip:
        tint, accent, ink, _ = paper(scene)
        left, top, width, room = safe_area(scene)
        base = base_size(scene)
        size = largest(self.title, (width, 0.17 * room), (1.2 * base, 2.7 * base), bold=True)
        title = min(height(self.title, size, width, bold=True), 0.18 * room)
        crowded = len(self.steps) > 4
        stroke, gap, under = 0.9 * base, (0.55 if crowded else 0.9) * base, (1.0 if crowded else 1.3) * base
        grid = self.grid((width, room - stroke - title - under), base, gap)
        high = grid.rows * (grid.height + gap) - gap
        at = top + max(0.0, room - stroke - title - under - high) / 2
        heading: tuple[Layer, ...] = (
            bar(scene, left, at, accent),
            words(scene, self.title, (left, at + stroke, width, title), (size, size), ink, bold=True),
        )
        rise = 0.03 * scene.height
        moving = [leave(enter(layer, scene, 0, rise), scene) for layer in heading]
        place = (left, at + stroke + title + under)
        turns = spread(scene, len(self.steps))
        tallest = self.tallest(grid)
        for number, step in enumerate(self.steps):
            card = grid.card(number, len(self.steps), place, gap)
            layers = self.card(scene, step, number, card, grid, tallest)
            moving += [leave(enter(layer, scene, 1 + number * turns, 1.6 * rise), scene) for layer in layers]
        return Clip(frames=scene.frames, layers=(*sheet(scene, tint), *moving), background=tint)

    def grid(self, room: tuple[float, float], base: float, gap: float) -> Grid:
        """The arrangement in which all words fit, with pictures if that leaves room, and as large as can be."""
        count = len(self.steps)
        pictures = (True, False) if any(step["image"] for step in self.steps) else (False,)
        largest_unit = base * (LARGEST_UPRIGHT if room[1] > 1.2 * room[0] else LARGEST)
        found = []
        for columns in range(1, count + 1):
            rows = ceil(count / columns)
            width = (room[0] - gap * (columns - 1)) / columns
            most = (room[1] - gap * (rows - 1)) / rows
            if (rows - 1) * columns >= count or (columns > 1 and width < 10.5 * base):
                continue
            for pictured in pictures:
                grid = Grid(columns, rows, width, most, largest_unit, most > 0.75 * width, pictured)
                while grid.unit > 0.75 * base and self.higher_than(most, grid):
                    grid = replace(grid, unit=grid.unit * SHRINK)
                need = self.tallest(grid)
                fits = need <= most
                high = max(need, 1.25 * width) if grid.upright and pictured else need
                worth = grid.unit / base - 0.2 * (columns * rows - count) if fits else -need / most
                score = (fits, pictured == fits, round(worth, 1), -rows)
                found.append((score, replace(grid, height=min(most, high))))
        return max(found, key=lambda pair: pair[0])[1]

    def tallest(self, grid: Grid) -> float:
        return max(self.card_height(step, grid) for step in self.steps)

    def higher_than(self, most: float, grid: Grid) -> bool:
        """Whether a card needs more; the one with the longest words is asked first, since it mostly decides."""
        return any(self.card_height(step, grid) > most for step in self.longest_first)

    @cached_property
    def longest_first(self) -> list[dict[str, Any]]:
        return sorted(self.steps, key=lambda step: -len(step["title"]) - len(step["text"]))

    def card_height(self, step: dict[str, Any], grid: Grid) -> float:
        unit, inner = grid.unit, grid.inner
        said = height(step["title"], 1.25 * unit, inner, bold=True) + 0.3 * unit + height(step["text"], unit, inner)
        if grid.upright:
            return grid.picture + 2.2 * unit + 2.4 * unit + 0.7 * unit + said
        return max(said, 2.4 * unit) + 1.8 * unit

    def card(
        self, scene: SceneFrame, step: dict[str, Any], number: int, box: Box, grid: Grid, tallest: float
    ) -> list[Layer]:
        ink, muted = paper(scene)[2:]
        left, top, width, high = box
        unit, inner, side = grid.unit, grid.inner, 2.4 * grid.unit
        inset, edge = 0.45 * unit, 1.1 * unit
        title = height(step["title"], 1.25 * unit, inner, bold=True)
        text = height(step["text"], unit, inner)
        layers: list[Layer] = [ShapeLayer(box=box, color=WHITE, radius=0.6 * unit)]
        shown = bool(grid.pictured and step["image"])
        if grid.upright:
            free = high - tallest
            picture = grid.picture + free if shown else 0.0
            place = (left + inset, top + inset, width - 2 * inset, picture - inset)
            number_at = (left + edge, top + edge + picture)
            words_at = (left + edge, number_at[1] + side + 0.7 * unit)
        else:
            wide = grid.picture - inset
            place = (left + width - wide - inset, top + inset, wide, high - 2 * inset)
            number_at = (left + edge, top + (high - side) / 2)
            used = min(title + 0.3 * unit + text, high - 1.2 * unit)
            words_at = (left + edge + side + 0.9 * unit, top + (high - used) / 2)
        if shown:
            layers.append(ImageLayer(asset=scene.assets[step["image"]].sha256, box=place, radius=0.4 * unit))
        layers += badge(scene, str(number + 1), (*number_at, side, side))
        room = top + high - 0.6 * unit - words_at[1]
        title = min(title, max(0.5 * room, 1.25 * unit * LINE))
        text = min(text, room - title - 0.3 * unit)
        title_box = (*words_at, inner, title)
        text_box = (words_at[0], words_at[1] + title + 0.3 * unit, inner, text)
        layers.append(words(scene, step["title"], title_box, (unit, 1.25 * unit), ink, bold=True))
        if text >= unit * LINE:  # six long steps in an upright frame with a caption leave no room for it
            layers.append(words(scene, step["text"], text_box, (unit, unit), muted))
        return layers
