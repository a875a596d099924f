"""A field of blocks seen from above at an angle: data as a town."""

from __future__ import annotations

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Colour, Ramp, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    ground = mix(palette.near, palette.sky, 0.25) if palette.night or dice.chance(0.4) else palette.glow
    canvas.downwards(Ramp([shifted(ground, 0.05), ground, shifted(ground, -0.06)]))
    canvas.light(
        canvas.halo(canvas.wide * dice.between(0.2, 0.8), canvas.tall * 0.25, 0.55), palette.light, strength=0.3
    )
    size = dice.between(0.075, 0.115)
    hill_x, hill_y = canvas.wide * dice.between(0.3, 0.7), canvas.tall * dice.between(0.45, 0.65)
    tones = [palette.far, palette.sky, palette.accent, mix(palette.far, palette.glow, 0.5), palette.near]
    if ground == palette.glow:
        tones.append(mix(palette.glow, palette.light, 0.5))
    weights = [0, 0, 0, 1, 1, 2, 3, 3, 4, 4] + ([5, 5] if len(tones) > 5 else [])
    rows, columns = int(canvas.tall / size * 4) + 8, int(canvas.wide / size / 2) + 4
    calm = dice.between(0.1, 0.35)
    for row in range(rows):
        for column in range(-1, columns):
            cell = dice.fork("cell", f"{row} {column}")
            x = (column + 0.5 * (row % 2)) * size * 2
            y = row * size * 0.5 - size
            if cell.chance(calm):
                continue
            near = 1 / (1 + ((x - hill_x) ** 2 + (y - hill_y) ** 2) * 7)
            high = size * (0.12 + cell.number() ** 2 * (0.5 + 2.6 * near))
            colour = tones[cell.pick(weights)]
            block(canvas, x, y + size * 0.5, size * 0.94, high, colour, palette)
            if cell.chance(0.18):
                crown(canvas, cell, x, y + size * 0.5 - high, size * 0.94, palette)
    canvas.vignette(0.3)


def block(canvas: Canvas, x: float, y: float, size: float, high: float, colour: Colour, palette: Palette) -> None:
    """Three faces, lit from the left; `y` is the middle of its foot."""
    half = size / 2
    top = [(x, y - half - high), (x + size, y - high), (x, y + half - high), (x - size, y - high)]
    left = [top[3], top[2], (x, y + half), (x - size, y)]
    right = [top[1], top[2], (x, y + half), (x + size, y)]
    for face, tone in (
        (left, colour),
        (right, mix(colour, palette.near, 0.42)),
        (top, mix(shifted(colour, 0.05), palette.light, 0.32)),
    ):
        stencil = canvas.cut()
        stencil.polygon(face)
        canvas.stamp(stencil, tone)


def crown(canvas: Canvas, dice: Dice, x: float, y: float, size: float, palette: Palette) -> None:
    """Something on the roof: a smaller block, a pool of light, or a tree."""
    kind = dice.whole(0, 2)
    if kind == 0:
        block(canvas, x, y, size * 0.5, size * dice.between(0.2, 0.7), palette.accent, palette)
    elif kind == 1:
        stencil = canvas.cut()
        half = size * 0.3
        stencil.polygon([(x, y - half), (x + half * 2, y), (x, y + half), (x - half * 2, y)])
        canvas.stamp(stencil, palette.light, strength=0.85)
    else:
        trunk, leaves, shade = canvas.cut(), canvas.cut(), canvas.cut()
        trunk.line([(x, y), (x, y - size * 0.5)], size * 0.07)
        leaves.disc(x, y - size * 0.62, size * 0.3)
        shade.disc(x + size * 0.06, y - size * 0.56, size * 0.23)
        canvas.stamp(trunk, palette.near)
        canvas.stamp(leaves, mix(palette.accent, palette.light, 0.25))
        canvas.stamp(shade, palette.accent)
