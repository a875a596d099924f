"""A poster of quarter discs, rings, stripes and squares on a grid, printed in few inks."""

from __future__ import annotations

import numpy as np

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Colour, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette
from rendering.providers.local.stencil import Stencil

SHAPES = (
    "quarter",
    "quarter",
    "quarter",
    "half",
    "half",
    "disc",
    "ring",
    "stripes",
    "petal",
    "petal",
    "arch",
    "steps",
    "dot",
    "plain",
)


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    paper = mix(palette.glow, palette.light, 0.35) if dice.chance(0.7) else shifted(palette.near, 0.02)
    canvas.fill(paper)
    inks = dice.shuffled([palette.accent, palette.near, palette.far, palette.sky, palette.glow])
    inks = [ink for ink in inks if ink != paper]
    across = dice.whole(3, 5) if canvas.wide <= 1.2 else dice.whole(5, 8)
    size = canvas.wide / across
    down = int(np.ceil(canvas.tall / size))
    shift = (canvas.tall - down * size) / 2
    sheets: dict[Colour, Stencil] = {}
    taken: set[tuple[int, int]] = set()
    for row in range(down):
        for column in range(across):
            if (column, row) in taken:
                continue
            large = (
                dice.chance(0.2)
                and column + 1 < across
                and row + 1 < down
                and not {(column + 1, row), (column, row + 1), (column + 1, row + 1)} & taken
            )
            cells = 2 if large else 1
            taken |= {(column + i, row + j) for i in range(cells) for j in range(cells)}
            tile = (column * size, row * size + shift, size * cells)
            ground = dice.pick([paper, paper, *inks[:4]])
            if ground != paper:
                stencil = sheets.setdefault(ground, canvas.cut())
                stencil.box(tile[0], tile[1], tile[0] + tile[2], tile[1] + tile[2])
    for colour, stencil in sheets.items():
        canvas.stamp(stencil, colour)
    shapes(canvas, dice.fork("shapes"), inks, taken, size, shift, across, down)
    texture(canvas, dice.fork("texture"))
    canvas.vignette(0.12)


def shapes(
    canvas: Canvas,
    dice: Dice,
    inks: list[Colour],
    taken: set[tuple[int, int]],
    size: float,
    shift: float,
    across: int,
    down: int,
) -> None:
    """A shape on every tile, sheet by sheet: one for each ink, as a printer would."""
    sheets = [canvas.cut() for _ in inks]
    for column, row in sorted(taken):
        stencil = dice.pick(sheets)
        other = dice.pick(sheets)
        kind = dice.pick(SHAPES)
        stamp(stencil, other, kind, dice.whole(0, 3), column * size, row * size + shift, size)
    for ink, stencil in zip(inks, sheets, strict=True):
        canvas.stamp(stencil, ink)


def stamp(stencil: Stencil, other: Stencil, kind: str, turn: int, x: float, y: float, size: float) -> None:
    """One shape in its tile, turned by quarters."""

    def at(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        result = []
        for px, py in points:
            for _ in range(turn):
                px, py = 1 - py, px
            result.append((x + px * size, y + py * size))
        return result

    if kind == "quarter":
        stencil.polygon(at([(0, 0), *arc(0, 0, 1, 0, 0.25)]))
    elif kind == "half":
        stencil.polygon(at(arc(0.5, 0, 0.5, 0, 0.5)))
    elif kind == "disc":
        stencil.polygon(at(arc(0.5, 0.5, 0.42, 0, 1)))
        other.polygon(at(arc(0.5, 0.5, 0.16, 0, 1)))
    elif kind == "ring":
        for number in range(3):
            stencil.polygon(at(arc(0, 0, 0.98 - number * 0.3, 0, 0.25) + arc(0, 0, 0.83 - number * 0.3, 0, 0.25)[::-1]))
    elif kind == "stripes":
        for number in range(4):
            stencil.polygon(
                at([(0, number / 4 + 0.06), (1, number / 4 + 0.06), (1, number / 4 + 0.19), (0, number / 4 + 0.19)])
            )
    elif kind == "petal":
        stencil.polygon(at(arc(0, 1, 1, 0.75, 1.0) + arc(1, 0, 1, 0.25, 0.5)))
    elif kind == "arch":
        stencil.polygon(at([(0, 1), *arc(0.5, 0.5, 0.5, 0.5, 1.0), (1, 1)]))
        other.polygon(at([(0.25, 1), *arc(0.5, 0.5, 0.25, 0.5, 1.0), (0.75, 1)]))
    elif kind == "steps":
        stencil.polygon(at([(0, 0), (1, 1), (0, 1)]))
    elif kind == "dot":
        for number in range(9):
            stencil.polygon(at(arc(0.2 + 0.3 * (number % 3), 0.2 + 0.3 * (number // 3), 0.075, 0, 1)))


def arc(x: float, y: float, radius: float, start: float, end: float) -> list[tuple[float, float]]:
    """Points on a circle; angles in turns, clockwise from the right."""
    turns = np.linspace(start, end, 49) * 2 * np.pi
    return [(float(round(x + radius * np.cos(turn), 9)), float(round(y + radius * np.sin(turn), 9))) for turn in turns]


def texture(canvas: Canvas, dice: Dice) -> None:
    """The tooth of the paper: hardly seen, but missed."""
    canvas.planes *= 1 + canvas.field(dice, 40, octaves=2, gain=0.7) * np.float32(0.016)
