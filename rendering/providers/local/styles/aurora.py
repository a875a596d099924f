"""Northern lights over black hills and still water."""

from __future__ import annotations

import numpy as np

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Ramp, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette
from rendering.providers.local.styles import scenery


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    shore = canvas.tall * dice.between(0.7, 0.78)
    dark = shifted(palette.near, 0.0)
    canvas.downwards(Ramp([dark, mix(dark, palette.sky, 0.6), mix(palette.sky, palette.far, 0.55)]), 0, shore)
    scenery.stars(canvas, dice.fork("stars"), shore, 380)
    tones = [(palette.accent, palette.glow), (palette.glow, palette.far), (palette.accent, palette.far)]
    for number in range(dice.whole(2, 3)):
        curtain(canvas, dice.fork("curtain", str(number)), shore, *tones[number])
    for number in range(3):
        hill = dice.fork("hill", str(number))
        edge = shore - 0.02 - (scenery.peaks(canvas, hill, 0.9 + 0.3 * number, 0.6) - 0.15) * (0.2 - 0.055 * number)
        body = mix(mix(palette.far, palette.sky, 0.6), palette.near, 0.35 + 0.32 * number)
        scenery.hills(canvas, edge, Ramp([body, mix(body, palette.far, 0.25 - 0.08 * number)]), 0.2)
    scenery.mirror(canvas, dice.fork("water"), palette, shore, (-9, 0, 0.05))
    canvas.vignette(0.3)


def curtain(
    canvas: Canvas, dice: Dice, shore: float, low: tuple[float, float, float], high: tuple[float, float, float]
) -> None:
    """A hanging sheet of light: sharp at its hem, rayed, and fading upwards."""
    slope = dice.between(-0.22, 0.22)
    at = canvas.x[0].astype(np.float64)
    hem = (
        shore * dice.between(0.5, 0.78)
        + slope * (at - canvas.wide / 2)
        + canvas.curve(dice.fork("hem"), 0.8, octaves=3) * 0.17
    )
    length = 0.34 + 0.14 * canvas.curve(dice.fork("long"), 1.4, octaves=2)
    rays = 0.55 + 0.45 * canvas.curve(dice.fork("rays"), 16, octaves=3, gain=0.6)
    swell = np.clip(0.65 + 0.6 * canvas.curve(dice.fork("swell"), 1.1, octaves=2), 0.08, 1)
    rise = (hem.astype(np.float32)[None, :] - canvas.y) / np.maximum(length, 0.12).astype(np.float32)[None, :]
    fade = np.clip(1 - rise * np.float32(0.62), 0, 1)
    hanging = np.clip(rise * 9 + np.float32(0.6), 0, 1) * fade * fade * fade
    light = hanging * np.clip(rays * swell, 0, 1).astype(np.float32)[None, :]
    canvas.light(light, low, strength=0.85)
    upper = np.clip(rise * np.float32(1.1) - np.float32(0.25), 0, 1) * light
    canvas.light(upper, high, strength=0.7)
