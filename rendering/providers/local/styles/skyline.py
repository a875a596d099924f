"""A city by the water: rows of towers in haze, and windows that light up."""

from __future__ import annotations

import numpy as np

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Ramp, mix
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette
from rendering.providers.local.stencil import Stencil
from rendering.providers.local.styles import scenery


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    shore = canvas.tall * dice.between(0.76, 0.84)
    light = scenery.sky(canvas, palette, dice.fork("sky"), shore * 0.92)
    rows = 4
    hump = canvas.wide * dice.between(0.3, 0.7)
    for number in range(rows):
        near = number / (rows - 1)
        row = dice.fork("row", str(number))
        walls, lamps = canvas.cut(), canvas.cut()
        x = -row.between(0, 0.06)
        while x < canvas.wide:
            wide = row.between(0.035, 0.085) * (0.75 + 0.6 * near)
            middle = 1 - min(1.0, abs(x + wide / 2 - hump) / (canvas.wide * 0.6))
            high = (
                (0.1 + 0.34 * middle * row.number() ** 0.7 + 0.1 * row.number())
                * (1.25 - 0.6 * near)
                * min(1.35, canvas.tall)
            )
            tower(walls, row, x, shore, wide, high)
            if number:
                windows(lamps, row.fork("windows", f"{x:.6f}"), x, shore, wide, high, 0.5 if palette.night else 0.16)
            x += wide + row.pick((0, 0, 0, 0.012, 0.03)) * (1 - 0.5 * near)
        body = mix(mix(palette.glow, palette.far, 0.3 + 0.7 * near), palette.near, near**1.3 * 0.95)
        haze = mix(body, palette.glow, 0.5 * (1 - 0.6 * near))
        depth = np.broadcast_to((canvas.y - np.float32(shore - 0.45)) / np.float32(0.45), (canvas.height, canvas.width))
        area, mask = walls.mask()
        canvas.paint(mask, Ramp([body, body, haze]).at(depth[area]), area)
        canvas.stamp(lamps, mix(palette.light, palette.accent, 0.35), strength=0.25 + 0.7 * near)
    scenery.mirror(canvas, dice.fork("water"), palette, shore, light)
    canvas.vignette(0.35)


def tower(walls: Stencil, dice: Dice, x: float, shore: float, wide: float, high: float) -> None:
    """One building with a roof of its own."""
    top = shore - high
    walls.box(x, top, x + wide, shore + 0.01)
    roof = dice.whole(0, 6)
    if roof == 0:
        walls.box(x + wide * 0.2, top - wide * 0.3, x + wide * 0.8, top + 0.01)
    elif roof == 1:
        walls.polygon([(x, top), (x + wide, top - wide * 0.45), (x + wide, top + 0.01), (x, top + 0.01)])
    elif roof == 2:
        walls.polygon([(x, top + 0.002), (x + wide / 2, top - wide * 0.6), (x + wide, top + 0.002)])
    elif roof == 3:
        walls.box(x + wide * 0.3, top - wide * 0.35, x + wide * 0.7, top + 0.01)
        walls.box(x + wide * 0.47, top - wide * 1.1, x + wide * 0.53, top)
    elif roof == 4:
        walls.disc(x + wide / 2, top, wide * 0.38)


def windows(lamps: Stencil, dice: Dice, x: float, shore: float, wide: float, high: float, lit: float) -> None:
    """A grid of windows, some of them lit; a whole floor now and then."""
    columns = max(2, int(wide / 0.0125))
    cell = wide / (columns + 0.6)
    floors = int(high / 0.019)
    lively = lit * dice.between(0.3, 1.3)
    for floor in range(1, floors):
        busy = lively if dice.chance(0.94) else 0.95
        for column in range(columns):
            if dice.chance(busy):
                left, top = x + cell * (0.5 + column), shore - high + floor * 0.019
                lamps.box(left, top, left + cell * 0.55, top + 0.0095, dice.between(0.45, 1))
