"""Stems with leaves and blossoms before a large pale disc."""

from __future__ import annotations

import numpy as np

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Colour, Ramp, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette

Points = list[tuple[float, float]]


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    paper = palette.glow if not palette.night else mix(palette.near, palette.sky, 0.4)
    canvas.downwards(Ramp([mix(paper, palette.light, 0.45), paper, mix(paper, palette.far, 0.3)]))
    x, y = canvas.wide * dice.between(0.32, 0.68), canvas.tall * dice.between(0.4, 0.5)
    disc = dice.pick((palette.accent, palette.sky, palette.far))
    canvas.paint(canvas.disc(x, y, dice.between(0.24, 0.33)), mix(disc, paper, 0.25))
    canvas.planes *= 1 + canvas.field(dice.fork("paper"), 30, octaves=2, gain=0.7) * np.float32(0.011)
    greens = [mix(palette.far, paper, 0.35), palette.far, mix(palette.far, palette.near, 0.5), palette.near]
    bloom = palette.accent if disc != palette.accent else palette.light
    stems = int(dice.whole(9, 13) * max(0.7, canvas.wide / 1.6))
    order = dice.shuffled(range(stems))
    for number in range(stems):
        stem = dice.fork("stem", str(number))
        near = number / (stems - 1)
        foot = canvas.wide * (order[number] + stem.between(0.2, 0.8)) / stems
        colour = greens[min(3, int(near * 4))]
        high = canvas.tall * stem.between(0.42, 0.86) * (1 - 0.22 * near)
        plant(canvas, stem, foot, high, colour, mix(bloom, paper, 0.3 * (1 - near)), palette)
    canvas.vignette(0.15)


def plant(
    canvas: Canvas, dice: Dice, foot: float, high: float, colour: Colour, bloom: Colour, palette: Palette
) -> None:
    """One stem in a curve, with leaves of its kind and perhaps a blossom."""
    lean, bend = dice.between(-0.14, 0.14), dice.between(-0.16, 0.16)
    spine = [(foot + lean * t + bend * t * t, canvas.tall + 0.03 - high * t) for t in np.linspace(0, 1, 40).tolist()]
    kind = dice.pick(("leaf", "leaf", "fern", "round", "blade"))
    dark, pale = canvas.cut(), canvas.cut()
    dark.line(spine, 0.0055)
    pairs = {"leaf": 8, "fern": 22, "round": 7, "blade": 5}[kind]
    for number in range(1, pairs + 1):
        part = 0.16 + 0.8 * number / pairs
        at = min(38, int(part * 39))
        x, y = spine[at]
        turn = np.arctan2(spine[at + 1][1] - y, spine[at + 1][0] - x)
        taper = (1 - 0.62 * part) * high
        for side in (-1, 1):
            long = taper * {"leaf": 0.3, "fern": 0.2, "round": 0.16, "blade": 0.62}[kind] * dice.between(0.85, 1.1)
            wide = {"leaf": 0.34, "fern": 0.2, "round": 0.95, "blade": 0.1}[kind]
            angle = turn + side * dice.between(0.6, 0.9) * (0.6 if kind == "blade" else 1)
            upper, lower = leaf(x, y, angle, long, wide, side * 0.18)
            dark.polygon(upper + lower[::-1])
            pale.polygon([*(lower if side > 0 else upper), (x, y)])
    canvas.stamp(dark, colour)
    canvas.stamp(pale, shifted(colour, 0.07), strength=0.75)
    if dice.chance(0.55):
        blossom(canvas, dice.fork("blossom"), *spine[-1], high * dice.between(0.07, 0.12), bloom, palette)


def leaf(x: float, y: float, turn: float, long: float, wide: float, curl: float) -> tuple[Points, Points]:
    """Both edges of a pointed leaf from its stalk to its tip."""
    upper: Points = []
    lower: Points = []
    for t in np.linspace(0, 1, 15).tolist():
        half = long * wide * 0.5 * (4 * t * (1 - t)) ** 0.8
        middle = curl * long * t * t
        for edge, points in ((middle - half, upper), (middle + half, lower)):
            px = x + long * t * np.cos(turn) - edge * np.sin(turn)
            py = y + long * t * np.sin(turn) + edge * np.cos(turn)
            points.append((round(float(px), 9), round(float(py), 9)))
    return upper, lower


def blossom(canvas: Canvas, dice: Dice, x: float, y: float, size: float, colour: Colour, palette: Palette) -> None:
    """Petals around a heart: two rings of them, the inner one paler."""
    petals, turn = dice.pick((5, 6, 8, 12)), dice.between(0, 1)
    for ring, (reach, tone) in enumerate(((1.0, colour), (0.68, mix(colour, palette.light, 0.4)))):
        stencil = canvas.cut()
        for number in range(petals):
            angle = (turn + (number + 0.5 * ring) / petals) * 2 * np.pi
            upper, lower = leaf(x, y, angle, size * reach, 4.2 / petals, 0)
            stencil.polygon(upper + lower[::-1])
        canvas.stamp(stencil, tone)
    heart = canvas.cut()
    heart.disc(x, y, size * 0.17)
    canvas.stamp(heart, mix(palette.near, palette.accent, 0.35))
