"""A map of heights: filled steps and thin lines, with a red thread through it."""

from __future__ import annotations

import numpy as np

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Ramp, lightness, mix
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    heights = canvas.field(dice.fork("heights"), dice.between(0.9, 1.5), octaves=3, gain=0.36)
    peak_x, peak_y = canvas.wide * dice.between(0.25, 0.75), canvas.tall * dice.between(0.25, 0.75)
    heights = heights * np.float32(0.8) + canvas.halo(peak_x, peak_y, 0.5) * np.float32(0.9)
    low, high = heights.min(), heights.max()
    steps = dice.whole(9, 14)
    level = (heights - low) * np.float32(0.999 * steps / (high - low))
    floor = np.floor(level)
    tones = [palette.near, palette.sky, palette.far, palette.glow, palette.light]
    if lightness(palette.sky) > 0.6 and dice.chance(0.5):
        tones = [
            palette.sky,
            mix(palette.sky, palette.glow, 0.6),
            palette.glow,
            mix(palette.accent, palette.glow, 0.35),
            palette.accent,
        ]
    ramp = Ramp(tones)
    canvas.planes[:] = ramp.at(floor * np.float32(1 / steps))
    # A step's own small shadow and light make it look cut from card.
    part = level - floor
    canvas.shade(np.clip(1 - part * 3.2, 0, 1), strength=0.13)
    steep = canvas.steepness(level)
    for every, thick, strength in ((1, 1.1, 0.35), (4, 2.0, 0.75)):
        scaled = level / np.float32(every)
        near = np.abs(scaled - np.floor(scaled + np.float32(0.5))) * np.float32(every) / steep
        line = np.clip(np.float32(thick * canvas.unit / 1440 + 0.5) - near, 0, 1)
        canvas.paint(line, mix(palette.near, palette.far, 0.2) if every == 4 else palette.light, strength=strength)
    path(canvas, palette, dice.fork("path"), peak_x, peak_y)
    canvas.vignette(0.25)


def path(canvas: Canvas, palette: Palette, dice: Dice, x: float, y: float) -> None:
    """A dashed way to the summit, and a flag at its end."""
    start_x, start_y = (0.1 if x > canvas.wide / 2 else canvas.wide - 0.1), canvas.tall * dice.between(0.75, 0.9)
    bend_x, bend_y = canvas.wide * dice.between(0.3, 0.7), canvas.tall * dice.between(0.2, 0.9)
    points = []
    for number in range(121):
        t = number / 120
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        points.append((a * start_x + b * bend_x + c * x, a * start_y + b * bend_y + c * y))
    for colour, wide in ((palette.light, 0.012), (palette.accent, 0.0075)):
        stencil = canvas.cut()
        for number in range(0, 116, 5):
            stencil.line(points[number : number + 3], wide)
        stencil.disc(x, y, wide * 2.1)
        stencil.disc(start_x, start_y, wide * 1.5)
        canvas.stamp(stencil, colour)
