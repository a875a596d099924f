"""Dunes with a lit and a shaded side, and wind ripples on the sand."""

from __future__ import annotations

import numpy as np

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Ramp, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette
from rendering.providers.local.styles import scenery


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    first = canvas.tall * dice.between(0.42, 0.52)
    scenery.sky(canvas, palette, dice.fork("sky"), first + 0.06)
    count = dice.whole(4, 5)
    side = dice.sign()
    for number in range(count):
        near = number / (count - 1)
        dune = dice.fork("dune", str(number))
        middle = canvas.wide * (0.5 + dune.between(-0.34, 0.34))
        base = first + (canvas.tall - first) * near**1.15 * 0.86
        edge = crest(canvas, dune, base, middle, side * dune.between(0.5, 1), near)
        tone = mix(
            mix(palette.far, palette.glow, 0.45 * (1 - near)), palette.accent if palette.night else palette.far, 0.3
        )
        lit = mix(tone, palette.light, 0.3 - 0.18 * near)
        dark = mix(tone, palette.near, 0.42 + 0.3 * near)
        scenery.hills(canvas, edge, Ramp([lit, tone, shifted(tone, -0.05)]), 0.5)
        lee(canvas, dune.fork("lee"), edge, middle, side, dark, near)
        ripples(canvas, dune.fork("ripples"), edge, near)
    canvas.vignette(0.3)


def crest(
    canvas: Canvas, dice: Dice, base: float, middle: float, lean: float, near: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A long curve that rises to a sharp crest."""
    at = (canvas.x[0].astype(np.float64) - middle) / (0.75 + 0.35 * near)
    hump = 1 / (1 + np.abs(at) * (1.5 - lean * np.sign(at) * 0.7) + at * at)
    return np.asarray(base - hump * dice.between(0.13, 0.21) - canvas.curve(dice.fork("swell"), 0.55, octaves=2) * 0.05)


def lee(
    canvas: Canvas,
    dice: Dice,
    edge: np.ndarray[tuple[int], np.dtype[np.float64]],
    middle: float,
    side: int,
    dark: tuple[float, float, float],
    near: float,
) -> None:
    """The shaded side: it starts at the crest and swings down and away in a curve."""
    area, body = canvas.below(edge)
    depth = canvas.y[area[0]] - edge.astype(np.float32)[None, :]
    swing = np.float32(dice.between(0.5, 1.0))
    bend = canvas.curve(dice.fork("bend"), 0.9, octaves=2).astype(np.float32)[None, :] * np.float32(0.05)
    line = (
        np.float32(middle)
        + side * (depth * swing - depth * depth * np.float32(0.9)) * np.float32(1.2)
        + bend * np.clip(depth * 6, 0, 1)
    )
    away = (canvas.x - line) * side
    edge_soft = np.clip(away * np.float32(canvas.unit / 2.5) + np.float32(0.5), 0, 1)
    fade = np.clip(1 - away * np.float32(1.1 - 0.3 * near), 0, 1) * np.clip(1 - depth * np.float32(1.6), 0, 1)
    canvas.paint(body * edge_soft * fade, dark, area, strength=0.9)


def ripples(canvas: Canvas, dice: Dice, edge: np.ndarray[tuple[int], np.dtype[np.float64]], near: float) -> None:
    """Fine lines across the sand, seen on the nearer dunes."""
    if near < 0.5:
        return
    area, body = canvas.below(edge)
    warp = canvas.field(dice, 2.2, octaves=3, stretch=1.6)[area]
    depth = canvas.y[area[0]] - edge.astype(np.float32)[None, :]
    phase = depth * np.float32(62) / (np.float32(0.55) + depth * 2) + warp * np.float32(2.2)
    saw = phase - np.floor(phase)
    wave = saw * (1 - saw) * 4
    canvas.shade(body * wave * np.clip(depth * 5, 0, 1), area, 0.055 * near)
