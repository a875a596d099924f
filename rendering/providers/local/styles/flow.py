"""Hundreds of fine threads that follow one invisible current."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Ramp, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette

Chart = NDArray[np.float64]
STEPS = 90
GRID = 160


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    dark = palette.night or dice.chance(0.5)
    ground = shifted(palette.near, 0.0) if dark else mix(palette.glow, palette.light, 0.4)
    canvas.downwards(Ramp([shifted(ground, 0.03), ground, shifted(ground, -0.03)]))
    canvas.light(
        canvas.halo(canvas.wide * dice.between(0.2, 0.8), canvas.tall * dice.between(0.2, 0.8), 0.45),
        palette.far,
        strength=0.3,
    )
    # The current is worked out on a small canvas of one size, so that every size of picture gets the same threads.
    chart = Canvas(round(GRID * canvas.wide), round(GRID * canvas.tall))
    stream = chart.field(dice.fork("stream"), dice.between(0.55, 0.95), octaves=2, gain=0.3).astype(np.float64)
    down, across = (np.asarray(slope) for slope in np.gradient(stream))
    tones = [
        palette.accent,
        palette.far,
        palette.light if dark else palette.near,
        palette.sky,
        palette.glow if dark else palette.accent,
    ]
    layers = 10
    for layer in range(layers):
        near = layer / (layers - 1)
        threads = dice.fork("threads", str(layer))
        stencil = canvas.cut()
        for _ in range(int(70 * (canvas.wide * canvas.tall) ** 0.5)):
            x, y = threads.between(-0.1, canvas.wide + 0.1), threads.between(-0.1, canvas.tall + 0.1)
            thick = threads.between(0.0012, 0.0026) + 0.006 * threads.number() ** 5 * near
            line = thread(chart, across, down, x, y, threads.between(0.5, 1.0))
            if len(line) > 2:
                stencil.line(line, thick)
        canvas.stamp(stencil, tones[layer % len(tones)], strength=0.4 + 0.55 * near)
    canvas.vignette(0.3)


def thread(chart: Canvas, across: Chart, down: Chart, x: float, y: float, long: float) -> list[tuple[float, float]]:
    """A line along the current: along the heights of the stream field, which never cross."""
    points = []
    for _ in range(int(STEPS * long)):
        column, row = int(x * GRID), int(y * GRID)
        column, row = min(max(column, 0), chart.width - 1), min(max(row, 0), chart.height - 1)
        dx, dy = float(down[row, column]), -float(across[row, column])
        size = (dx * dx + dy * dy) ** 0.5
        if size < 1e-9:
            break
        points.append((x, y))
        x, y = x + dx / size * 0.012, y + dy / size * 0.012
    return points
