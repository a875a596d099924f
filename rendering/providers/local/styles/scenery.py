"""What several landscapes share: skies, suns and moons, stars, clouds, hills, birds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Colour, Ramp, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette


def sky(canvas: Canvas, palette: Palette, dice: Dice, horizon: float) -> tuple[float, float, float]:
    """Paint the whole canvas as sky that glows at the horizon, with sun or moon; gives the light's place and radius."""
    high = shifted(palette.sky, -0.05)
    canvas.downwards(
        Ramp([high, palette.sky, mix(palette.sky, palette.glow, 0.6), palette.glow], [0, 0.3, 0.72, 1]), 0, horizon
    )
    x = canvas.wide * dice.pick((0.27, 0.36, 0.5, 0.64, 0.73)) + dice.between(-0.04, 0.04)
    y = horizon * dice.between(0.36, 0.78)
    radius = dice.between(0.06, 0.115)
    if palette.night:
        stars(canvas, dice.fork("stars"), horizon)
    clouds(canvas, palette, dice.fork("clouds"), horizon)
    sun(canvas, palette, x, y, radius)
    return x, y, radius


def sun(canvas: Canvas, palette: Palette, x: float, y: float, radius: float) -> None:
    """A disc in a wide glow."""
    canvas.light(canvas.halo(x, y, radius * 5), palette.glow, strength=0.5)
    canvas.light(canvas.halo(x, y, radius * 2), palette.light, strength=0.4)
    canvas.paint(canvas.disc(x, y, radius, soft=radius * 0.03), palette.light, strength=0.97)


def stars(canvas: Canvas, dice: Dice, horizon: float, count: int = 260) -> None:
    """Stars of several sizes, fewer near the horizon."""
    stencil = canvas.cut(2)
    for _ in range(int(count * canvas.wide * canvas.tall)):
        x, y = dice.number() * canvas.wide, dice.number() ** 1.5 * horizon
        bright = dice.number() ** 3
        stencil.disc(x, y, 0.0007 + 0.0016 * bright, 0.25 + 0.75 * bright)
    canvas.shine(stencil, (1, 0.98, 0.92), strength=0.9)


def clouds(canvas: Canvas, palette: Palette, dice: Dice, horizon: float) -> None:
    """Long thin clouds that thicken towards the horizon."""
    field = canvas.field(dice, dice.between(2.2, 3.4), octaves=4, gain=0.5, stretch=dice.between(4, 7))
    low = np.clip(canvas.y / np.float32(horizon), 0, 1)
    mask = (
        np.clip((field - np.float32(dice.between(0.0, 0.2))) * np.float32(1.6), 0, 1)
        * low
        * np.clip((np.float32(horizon) - canvas.y) * 8 + 1, 0, 1)
    )
    canvas.paint(mask, mix(palette.glow, palette.light, 0.5), strength=0.4 if palette.night else 0.6)


def hills(canvas: Canvas, edge: NDArray[np.float64], ramp: Ramp, deep: float) -> None:
    """Everything below an edge: coloured by depth under it, over `deep` units."""
    rows, mask = canvas.below(edge)
    depth = (canvas.y[rows[0]] - edge.astype(np.float32)[None, :]) * np.float32(1 / deep)
    canvas.paint(mask, ramp.at(depth), rows)


def peaks(canvas: Canvas, dice: Dice, cells: float, sharp: float) -> NDArray[np.float64]:
    """A mountain line of 0–1: hills that become ridges as `sharp` goes to 1."""
    hill = canvas.curve(dice.fork("hill"), cells, octaves=6, gain=0.5)
    ridge = 1 - np.abs(canvas.curve(dice.fork("ridge"), cells * 0.9, octaves=6, gain=0.46)) * 1.7
    return np.asarray(np.clip((hill * 0.5 + 0.5) * (1 - sharp) + ridge * sharp, -0.2, 1.2))


def birds(
    canvas: Canvas, dice: Dice, colour: Colour, x: float, y: float, lift: float = 1.0, scale: float = 1.0
) -> None:
    """A few far birds, each two strokes of a wing; `lift` is how far up the wings are."""
    if canvas.living:
        return
    stencil = canvas.cut(4)
    for _ in range(dice.whole(3, 7)):
        bx, by = x + dice.between(-0.16, 0.16) * scale, y + dice.between(-0.06, 0.06) * scale
        span, tilt = dice.between(0.008, 0.018) * scale, dice.between(-0.2, 0.2)
        for side in (-1, 1):
            wing = [
                (bx + side * span * t, by + span * (lift * (1.1 * t * t - 0.9 * t) + tilt * side * t))
                for t in (0, 0.2, 0.4, 0.6, 0.8, 1)
            ]
            stencil.line(wing, span * 0.13)
    canvas.stamp(stencil, colour, strength=0.8)


def mirror(canvas: Canvas, dice: Dice, palette: Palette, shore: float, light: tuple[float, float, float]) -> None:
    """Water below the shore: the picture above it upside down, broken by ripples, with the light's path on it."""
    top = min(canvas.height - 2, int(shore * canvas.unit))
    rows = canvas.height - top
    depth = (np.arange(rows) + 0.5) / rows
    # Ripples: rows are taken from a little higher or lower, and shifted sideways, more so the nearer they are.
    wave = np.sin(np.cumsum(1 / (0.06 + depth)) * 90 / rows + dice.between(0, 6)) + 0.5 * np.sin(
        np.arange(rows) * (160 / canvas.unit)
    )
    source = top - 1 - np.arange(rows) * min(1.0, top / rows) + np.round(wave * depth * canvas.unit * 0.006, 3)
    source = np.clip(source, 0, top - 1).astype(np.int64)
    water = canvas.planes[:, source, :]
    slide = np.round(np.round(wave, 6) * (0.3 + depth) * canvas.unit * 0.004).astype(np.int64)
    for row, step in enumerate(slide):
        if step:
            water[:, row] = np.roll(water[:, row], int(step), axis=1)
    tint = np.asarray(mix(palette.near, palette.sky, 0.35), dtype=np.float32)[:, None, None]
    part = (0.16 + 0.36 * depth).astype(np.float32)[None, :, None]
    canvas.planes[:, top:] = water + (tint - water) * part
    brink = np.clip(1 - np.abs(canvas.y - np.float32(shore)) * np.float32(550), 0, 1)
    canvas.light(np.broadcast_to(brink, canvas.planes.shape[1:]), palette.glow, strength=0.3)
    glitter(canvas, dice, palette, shore, light[0], light[2])


def glitter(canvas: Canvas, dice: Dice, palette: Palette, shore: float, x: float, radius: float) -> None:
    """The broken path of light on water under a sun or moon."""
    stencil = canvas.cut(3)
    span = canvas.tall - shore
    for _ in range(150):
        depth = dice.number() ** 1.35
        width = radius * (0.5 + 1.1 * depth)
        away = (dice.number() + dice.number() - 1) * width * 1.25
        long, thick = radius * dice.between(0.12, 0.5) * (0.35 + depth), 0.0011 + 0.0038 * depth
        y = shore + span * depth
        stencil.polygon(
            [(x + away - long, y), (x + away, y - thick), (x + away + long, y), (x + away, y + thick)],
            dice.between(0.35, 1),
        )
    canvas.shine(stencil, palette.light, strength=0.7)
