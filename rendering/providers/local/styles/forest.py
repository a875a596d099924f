"""Rows of spruces that fade into fog."""

from __future__ import annotations

import numpy as np

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Ramp, mix
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette
from rendering.providers.local.stencil import Stencil
from rendering.providers.local.styles import scenery


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    floor = canvas.tall
    scenery.sky(canvas, palette, dice.fork("sky"), floor * 0.62)
    far = floor * 0.52 - (scenery.peaks(canvas, dice.fork("far"), 0.9, 0.5) - 0.4) * 0.26
    haze = mix(palette.glow, palette.far, 0.35)
    scenery.hills(canvas, far, Ramp([haze, mix(haze, palette.glow, 0.7)]), 0.3)
    rows = 4
    for number in range(rows):
        near = number / (rows - 1)
        row = dice.fork("row", str(number))
        ground = floor * (0.6 + 0.38 * near) - canvas.curve(row.fork("ground"), 0.9, octaves=3) * (0.09 - 0.03 * near)
        trees = canvas.cut()
        x = -0.05
        while x < canvas.wide + 0.05:
            column = min(canvas.width - 1, max(0, int(x * canvas.unit)))
            high = row.between(0.1, 0.19) * (0.75 + 1.9 * near**1.4)
            clearing = abs(x / canvas.wide - 0.5) < 0.2 and near > 0.9
            if not clearing or row.chance(0.25):
                spruce(trees, row, x, float(ground[column]) + 0.02, high)
            x += high * row.between(0.12, 0.36) * (1 + 0.5 * near)
        body = mix(mix(haze, palette.far, 0.4 + 0.6 * near), palette.near, near**0.9 * 0.97)
        canvas.stamp(trees, body)
        mist = mix(body, palette.glow, 0.55 * (1 - 0.75 * near))
        scenery.hills(canvas, ground, Ramp([body, mist]), 0.16)
        fog(canvas, row.fork("fog"), palette, float(ground.mean()), 0.5 * (1 - near))
    canvas.vignette(0.4)


def spruce(trees: Stencil, dice: Dice, x: float, foot: float, high: float) -> None:
    """A trunk, and tiers of drooping branches that differ a little from side to side."""
    tiers = dice.whole(7, 10)
    wide = high * dice.between(0.17, 0.25)
    lean = dice.between(-0.02, 0.02) * high
    left: list[tuple[float, float]] = []
    right: list[tuple[float, float]] = []
    for tier in range(tiers):
        part = (tier + 0.6) / tiers
        y, inner = foot - high * (1 - part), wide * part * 0.45
        for side, points in ((-1, left), (1, right)):
            reach = wide * part * dice.between(0.8, 1.15)
            points.append((x + lean * (1 - part) + side * reach, y + high * 0.025 * dice.between(0.4, 1.5)))
            points.append((x + lean * (1 - part) + side * inner, y - high * 0.012))
    trees.polygon([(x + lean, foot - high * 1.02), *right, *left[::-1]])
    trees.box(x - high * 0.014, foot - high * 0.12, x + high * 0.014, foot)


def fog(canvas: Canvas, dice: Dice, palette: Palette, y: float, strength: float) -> None:
    """A bank of fog that lies on a row of trees."""
    if strength <= 0.02:
        return
    height = (canvas.y - np.float32(y)) * np.float32(7)
    bank = 1 / (1 + height * height)
    wisps = np.clip(canvas.field(dice, 1.6, octaves=3, stretch=3.5) * np.float32(0.7) + np.float32(0.6), 0, 1)
    canvas.paint(bank * wisps, mix(palette.glow, palette.light, 0.3), strength=strength)
