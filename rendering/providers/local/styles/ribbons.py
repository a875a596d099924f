"""Broad folds of silk that lie over each other, each with its own light and shadow."""

from __future__ import annotations

import numpy as np

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Ramp, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    canvas.downwards(Ramp([shifted(palette.sky, -0.04), palette.sky, palette.glow]))
    canvas.light(canvas.halo(canvas.wide * dice.between(0.15, 0.85), 0, 0.5), palette.light, strength=0.5)
    folds = dice.whole(6, 9)
    tones = [palette.glow, palette.far, palette.accent, mix(palette.sky, palette.far, 0.5), palette.near]
    ramp = Ramp(tones if dice.chance(0.5) else [tones[0], tones[2], tones[1], tones[4]])
    slope, at = dice.between(0.12, 0.5) * dice.sign(), np.arange(canvas.width) / canvas.unit
    waves = [(dice.between(0.9, 2.6), dice.between(0, 6.3), dice.between(0.05, 0.14)) for _ in range(3)]
    drift = [dice.between(0.2, 0.75) for _ in waves]
    for fold in range(folds):
        part = fold / (folds - 1)
        edge = canvas.tall * (0.14 + 0.86 * part**1.05) + slope * (at - canvas.wide / 2) * (1 - 0.4 * part)
        for (often, phase, high), move in zip(waves, drift, strict=True):
            edge = edge + high * (1 - 0.35 * part) * np.sin(at * often * 2 + phase + fold * move * 1.7)
        edge = np.round(edge, 9)
        rows, above = canvas.below(edge - 1 / 12)
        depth = canvas.y[rows[0]] - edge.astype(np.float32)[None, :]
        # The fold's shadow on the one behind it falls off over a twelfth of the picture.
        fall = np.clip(1 + depth * 12, 0, 1)
        canvas.shade(fall * fall * above, rows, 0.34)
        rows, mask = canvas.below(edge)
        depth = np.clip((canvas.y[rows[0]] - edge.astype(np.float32)[None, :]) * np.float32(2.6), 0, 1)
        body = ramp.one(part)
        bright, dark = mix(shifted(body, 0.07), palette.light, 0.22), shifted(body, -0.11)
        canvas.paint(mask, Ramp([bright, body, dark], [0, 0.22, 1]).at(depth), rows)
    canvas.vignette(0.25)
