"""Sheets of paper with a hole in each, stacked into a deep valley of colour."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Ramp, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette
from rendering.providers.local.stencil import Plane


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    x, y = canvas.wide * dice.between(0.36, 0.64), canvas.tall * dice.between(0.4, 0.6)
    deep = palette.light if dice.chance(0.6) else palette.accent
    canvas.fill(deep)
    canvas.light(canvas.halo(x, y, 0.3), palette.light, strength=0.6)
    sheets = dice.whole(6, 8)
    tones = [mix(palette.glow, deep, 0.2), palette.accent, palette.far, palette.sky, palette.near]
    ramp = Ramp(
        tones if dice.chance(0.5) else [palette.glow, palette.far, mix(palette.sky, palette.far, 0.4), palette.near]
    )
    lumps = canvas.field(dice.fork("lumps"), dice.between(1.2, 2.0), octaves=2, gain=0.35)
    away = np.sqrt(canvas.squared(x, y, 1 + 0.55 * (canvas.wide - 1) * 0.9)) * np.float32(
        1.0 / max(0.8, canvas.tall * 0.85)
    )
    for number in range(sheets):
        part = number / (sheets - 1)
        own = canvas.field(dice.fork("own", str(number)), 2.2, octaves=1)
        edge = away + lumps * np.float32(0.09 + 0.06 * part) + own * np.float32(0.04) - np.float32(0.12 + 0.56 * part)
        edge /= canvas.steepness(edge)
        mask = np.clip(edge + np.float32(0.5), 0, 1)
        canvas.shade(shadow(canvas, mask, 0.022), strength=0.5)
        tone = ramp.one(part)
        canvas.paint(mask, tone)
        rim = np.clip(
            np.float32(1.6 * canvas.unit / 1440 + 0.4) - np.abs(edge - np.float32(1.2 * canvas.unit / 1440)), 0, 1
        )
        canvas.light(rim * mask, shifted(tone, 0.2), strength=0.3)
    canvas.planes *= 1 + canvas.field(dice.fork("fibre"), 36, octaves=2, gain=0.7) * np.float32(0.014)
    canvas.vignette(0.2)


def shadow(canvas: Canvas, mask: Plane, reach: float) -> Plane:
    """The sheet's blurred shadow, fallen down and to the right; worked out small, for it is soft."""
    scale = max(1, canvas.unit // 360)
    small = Image.fromarray((mask * 255).astype(np.uint8)).reduce(scale)
    blurred = small.filter(ImageFilter.GaussianBlur(reach * canvas.unit / scale))
    plane = np.asarray(blurred.resize((canvas.width, canvas.height), Image.Resampling.BICUBIC), dtype=np.float32)
    offset = int(reach * canvas.unit * 0.7)
    plane = np.pad(plane, ((offset, 0), (offset // 2, 0)), mode="edge")[: canvas.height, : canvas.width]
    return plane * np.float32(1 / 255)
