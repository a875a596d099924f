"""Mountains behind mountains in mist, sometimes over a lake."""

from __future__ import annotations

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Ramp, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette
from rendering.providers.local.styles import scenery


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    lake = dice.chance(0.45)
    shore = canvas.tall * (dice.between(0.66, 0.74) if lake else 1.08)
    layers = dice.whole(4, 6)
    first = dice.between(0.42, 0.54) * shore
    light = scenery.sky(canvas, palette, dice.fork("sky"), first + 0.04)
    sharp = dice.pick((0.15, 0.55, 0.85))
    for number in range(layers):
        near = number / (layers - 1)
        base = first + (shore - first) * (near**1.1) * 0.86
        high = dice.between(0.22, 0.4) * (1 - 0.5 * near) * min(1.3, canvas.tall)
        line = (
            base
            - (
                scenery.peaks(canvas, dice.fork("peaks", str(number)), 0.75 + 0.5 * near, sharp * (1 - 0.5 * near))
                - 0.35
            )
            * high
        )
        top = mix(mix(palette.glow, palette.far, min(1.0, 0.35 + near)), palette.near, near**1.6)
        mist = mix(top, palette.glow, 0.62 * (1 - 0.7 * near))
        scenery.hills(canvas, line, Ramp([shifted(top, -0.02), mix(top, mist, 0.5), mist]), 0.3)
    if lake:
        scenery.mirror(canvas, dice.fork("lake"), palette, shore, light)
    else:
        scenery.birds(canvas, dice.fork("birds"), palette.near, canvas.wide * dice.between(0.25, 0.75), shore * 0.2)
    canvas.vignette(0.35)
