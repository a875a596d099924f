"""The open sea under sun or moon, with sails or a lighthouse."""

from __future__ import annotations

import numpy as np

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Colour, Ramp, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette
from rendering.providers.local.styles import scenery


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    shore = canvas.tall * dice.between(0.5, 0.6)
    light = scenery.sky(canvas, palette, dice.fork("sky"), shore)
    coast = shore - (canvas.curve(dice.fork("coast"), 0.9, octaves=5) + dice.between(-0.3, 0.2)) * 0.07
    scenery.hills(
        canvas,
        np.minimum(coast, shore + 0.2),
        Ramp([mix(palette.far, palette.glow, 0.4), mix(palette.far, palette.glow, 0.65)]),
        0.08,
    )
    water(canvas, palette, dice.fork("water"), shore)
    scenery.glitter(canvas, dice.fork("glitter"), palette, shore, light[0], light[2])
    if dice.chance(0.5):
        lighthouse(canvas, palette, dice.fork("tower"), shore, light[0])
    else:
        for number in range(dice.whole(1, 3)):
            boat = dice.fork("boat", str(number))
            size = boat.between(0.05, 0.17)
            side = light[0] + (0.45 + 0.3 * number) * (1 if light[0] < canvas.wide / 2 else -1) * min(
                1.0, canvas.wide / 1.5
            )
            sail(canvas, palette, boat, min(max(side, 0.15), canvas.wide - 0.15), shore + size * size * 6 + 0.012, size)
    scenery.birds(
        canvas,
        dice.fork("birds"),
        mix(palette.near, palette.sky, 0.3),
        canvas.wide * dice.between(0.3, 0.7),
        shore * 0.35,
    )
    canvas.vignette(0.3)


def water(canvas: Canvas, palette: Palette, dice: Dice, shore: float) -> None:
    """Rows of waves that grow towards the viewer, lit on their crests."""
    span = canvas.tall - shore
    first = int(shore * canvas.unit)
    rows = slice(first, canvas.height), slice(None)
    depth = (canvas.y[rows[0]] - np.float32(shore)) * np.float32(1 / span)
    deep = mix(palette.near, palette.sky, 0.3)
    canvas.paint(
        np.ones_like(depth),
        Ramp(
            [palette.glow, mix(palette.sky, palette.glow, 0.35), mix(palette.sky, deep, 0.6), deep], [0, 0.12, 0.5, 1]
        ).at(np.broadcast_to(depth, (canvas.height - first, canvas.width))),
        rows,
    )
    for number in range(16):
        near = (number + 1) / 16
        base = shore + span * near**1.8
        edge = base + canvas.curve(dice.fork("wave", str(number)), 7 - 5 * near, octaves=3) * (0.003 + 0.017 * near)
        body, mask = canvas.below(edge)
        below = (canvas.y[body[0]] - edge.astype(np.float32)[None, :]) * np.float32(1 / (0.006 + 0.045 * near))
        crest = np.clip(1 - below, 0, 1) * mask
        canvas.paint(crest * crest, mix(palette.glow, palette.sky, 0.35), body, strength=0.3 * (1 - 0.35 * near))
        trough = np.clip(1 + below, 0, 1) * (1 - mask)
        canvas.shade(trough * trough, body, 0.1)


def sail(canvas: Canvas, palette: Palette, dice: Dice, x: float, y: float, size: float) -> None:
    """A small boat with two sails, and its broken reflection."""
    lean = dice.between(-0.12, 0.12) * size
    main = [(x + lean, y - size * 1.5), (x, y - size * 0.2), (x + size * 0.62, y - size * 0.2)]
    jib = [
        (x + lean - size * 0.04, y - size * 1.32),
        (x - size * 0.06, y - size * 0.2),
        (x - size * 0.42, y - size * 0.22),
    ]
    hull = [
        (x - size * 0.55, y - size * 0.13),
        (x + size * 0.62, y - size * 0.13),
        (x + size * 0.42, y + size * 0.05),
        (x - size * 0.38, y + size * 0.05),
    ]
    shadow = canvas.cut()
    for number in range(14):
        down = y + size * (0.08 + 0.075 * number)
        half = size * (0.5 - 0.034 * number) * dice.between(0.55, 1.1)
        middle = x + size * 0.1 + dice.between(-0.08, 0.08) * size
        shadow.polygon(
            [(middle - half, down), (middle, down - size * 0.02), (middle + half, down), (middle, down + size * 0.02)],
            0.75,
        )
    canvas.stamp(shadow, mix(palette.near, palette.accent, 0.25), strength=0.5)
    for shape, colour in ((main, palette.light), (jib, palette.accent), (hull, palette.near)):
        stencil = canvas.cut()
        stencil.polygon(shape)
        canvas.stamp(stencil, shaded(colour, palette))


def lighthouse(canvas: Canvas, palette: Palette, dice: Dice, shore: float, light: float) -> None:
    """A striped tower on a rock, its lamp lit."""
    x = canvas.wide * (dice.between(0.72, 0.86) if light < canvas.wide / 2 else dice.between(0.14, 0.28))
    high, foot = dice.between(0.3, 0.38), shore + 0.015
    rock = (
        foot
        + 0.03
        - np.maximum(0, 0.09 - np.abs(canvas.x[0].astype(np.float64) - x) * 0.42)
        * (1 + 0.35 * canvas.curve(dice.fork("rock"), 7))
    )
    rock = np.where(np.abs(canvas.x[0] - x) < 0.24, rock, canvas.tall + 1)
    mask = np.clip((canvas.y - rock.astype(np.float32)[None, :]) * np.float32(canvas.unit), 0, 1) * np.clip(
        (np.float32(foot + 0.03) - canvas.y) * np.float32(canvas.unit), 0, 1
    )
    canvas.paint(mask, mix(palette.near, palette.far, 0.15))
    bands = 5
    for band in range(bands):
        low, top = foot - 0.05 - high * band / bands, foot - 0.05 - high * (band + 1) / bands
        wide_low, wide_top = 0.042 - 0.017 * band / bands, 0.042 - 0.017 * (band + 1) / bands
        for side in (0, 1):
            stencil = canvas.cut()
            left = [(x - wide_low, low), (x - wide_top, top), (x + wide_top * 0.2, top), (x + wide_low * 0.2, low)]
            right = [(x + wide_low * 0.2, low), (x + wide_top * 0.2, top), (x + wide_top, top), (x + wide_low, low)]
            stencil.polygon(left if side == 0 else right)
            colour = shaded(palette.light if band % 2 else palette.accent, palette)
            canvas.stamp(stencil, colour if side == 0 else mix(colour, palette.near, 0.28))
    head = foot - 0.05 - high
    stencil = canvas.cut()
    stencil.box(x - 0.033, head - 0.008, x + 0.033, head)
    stencil.polygon([(x - 0.026, head - 0.05), (x, head - 0.078), (x + 0.026, head - 0.05)])
    stencil.box(x - 0.003, head - 0.095, x + 0.003, head - 0.07)
    canvas.stamp(stencil, palette.near)
    lamp = canvas.cut()
    lamp.box(x - 0.017, head - 0.05, x + 0.017, head - 0.008)
    canvas.stamp(lamp, mix(palette.light, (1, 0.9, 0.6), 0.5))
    canvas.light(canvas.halo(x, head - 0.03, 0.06), mix(palette.light, palette.accent, 0.3), strength=0.8)
    if palette.night:
        beam = canvas.cut(2)
        for side in (-1, 1):
            beam.polygon([(x, head - 0.03), (x + side * 3, head - 0.03 - 0.32), (x + side * 3, head - 0.03 + 0.2)], 1)
        away = np.clip(1 - np.abs(canvas.x - np.float32(x)) / np.float32(1.1), 0, 1)
        area, mask = beam.mask()
        canvas.light(mask * (away * away)[:, area[1]], palette.light, area, strength=0.32)


def shaded(colour: Colour, palette: Palette) -> Colour:
    """A thing's own colour in this light: at night it is mostly shadow."""
    return mix(colour, palette.near, 0.42) if palette.night else shifted(mix(colour, palette.glow, 0.12), -0.01)
