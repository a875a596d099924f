"""Planets on their rings around a sun, drawn like an old poster of the heavens."""

from __future__ import annotations

import numpy as np

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Colour, Ramp, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette
from rendering.providers.local.styles import scenery


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    dark = shifted(palette.near, 0.015)
    x, y = canvas.wide * dice.pick((0.18, 0.5, 0.82, 0.35)), canvas.tall * dice.pick((0.3, 0.5, 0.7, 1.0))
    away = np.sqrt(canvas.squared(x, y)) * np.float32(1 / max(canvas.wide, canvas.tall))
    canvas.planes[:] = Ramp([mix(dark, palette.sky, 0.55), mix(dark, palette.sky, 0.22), dark]).at(away)
    nebula = canvas.field(dice.fork("nebula"), 1.3, octaves=5, gain=0.52)
    canvas.light(np.clip(nebula - np.float32(0.15), 0, 1), palette.far, strength=0.28)
    scenery.stars(canvas, dice.fork("stars"), canvas.tall * 1.2, 330)
    heart = dice.between(0.1, 0.15)
    canvas.light(canvas.halo(x, y, heart * 3.2), mix(palette.accent, palette.glow, 0.5), strength=0.6)
    globe(canvas, dice.fork("sun"), x, y, heart, mix(palette.light, palette.accent, 0.25), palette.light, 0.0, 0.0)
    orbit = heart
    for number in range(dice.whole(5, 7)):
        planet = dice.fork("planet", str(number))
        size = planet.between(0.014, 0.055) * (0.8 + 0.12 * number)
        orbit += planet.between(0.075, 0.12) + size
        canvas.light(canvas.ring(x, y, orbit, 1.6 / 1440 + canvas.pixel * 0.4), palette.glow, strength=0.34)
        px, py = place(canvas, planet, x, y, orbit)
        colour = planet.pick(
            (palette.far, palette.accent, palette.glow, palette.sky, mix(palette.far, palette.accent, 0.5))
        )
        globe(canvas, planet, px, py, size, shifted(colour, 0.04), palette.light, px - x, py - y)
        if planet.chance(0.3):
            canvas.paint(halfring(canvas, px, py, size), mix(palette.light, colour, 0.3), strength=0.85)
    canvas.vignette(0.3)


def place(canvas: Canvas, dice: Dice, x: float, y: float, orbit: float) -> tuple[float, float]:
    """A point of the orbit inside the picture, if there is one."""
    for _ in range(40):
        turn = dice.between(0, 2 * np.pi)
        px, py = x + orbit * round(float(np.cos(turn)), 9), y + orbit * round(float(np.sin(turn)), 9)
        if 0.05 < px < canvas.wide - 0.05 and 0.05 < py < canvas.tall - 0.05:
            break
    return px, py


def globe(
    canvas: Canvas,
    dice: Dice,
    x: float,
    y: float,
    size: float,
    colour: Colour,
    light: Colour,
    from_x: float,
    from_y: float,
) -> None:
    """A banded globe, lit from where the sun is."""
    area = around(canvas, x, y, size * 1.2)
    across, down = (
        (canvas.x[:, area[1]] - np.float32(x)) / np.float32(size),
        (canvas.y[area[0]] - np.float32(y)) / np.float32(size),
    )
    inside = np.clip(
        (1 - np.sqrt(across * across + down * down)) * np.float32(size * canvas.unit) + np.float32(0.5), 0, 1
    )
    bands = np.interp(np.linspace(-1, 1, 257), np.linspace(-1, 1, 12), dice.numbers(12))
    tilt = np.float32(dice.between(-0.5, 0.5))
    row = np.clip((down + across * tilt + across * across * np.float32(0.12)) * 128 + 128, 0, 256).astype(np.int64)
    tone = bands.astype(np.float32)[row]
    canvas.paint(inside, Ramp([shifted(colour, -0.09), colour, mix(colour, light, 0.25)]).at(tone), area)
    far = (from_x**2 + from_y**2) ** 0.5
    if far:
        shade = np.clip(
            (across * np.float32(from_x / far) + down * np.float32(from_y / far) + np.float32(0.25)) * np.float32(0.9),
            0,
            1,
        )
        canvas.shade(shade * inside, area, 0.72)


def halfring(canvas: Canvas, x: float, y: float, size: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """A planet's own ring, hidden behind it in its upper half."""
    across, down = (canvas.x - np.float32(x)) / np.float32(size), (canvas.y - np.float32(y)) / np.float32(size)
    lean = down + across * np.float32(0.25)
    away = np.sqrt(across * across + lean * lean * 14)
    ring = np.clip(
        (np.float32(0.22) - np.abs(away - np.float32(1.75))) * np.float32(size * canvas.unit * 0.5) + np.float32(0.5),
        0,
        1,
    )
    hidden = np.clip(
        (1 - np.sqrt(across * across + down * down)) * np.float32(size * canvas.unit) + np.float32(0.5), 0, 1
    ) * (lean < 0)
    return np.asarray(ring * (1 - hidden), dtype=np.float32)


def around(canvas: Canvas, x: float, y: float, radius: float) -> tuple[slice, slice]:
    top, low = (max(0, min(canvas.height, int((y + way * radius) * canvas.unit))) for way in (-1, 1))
    left, right = (max(0, min(canvas.width, int((x + way * radius) * canvas.unit))) for way in (-1, 1))
    return slice(top, low), slice(left, right)
