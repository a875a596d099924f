"""A quay of narrow painted houses, doubled in the water."""

from __future__ import annotations

from rendering.providers.local.canvas import Canvas
from rendering.providers.local.colour import Colour, Ramp, mix, shifted
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import Palette
from rendering.providers.local.styles import scenery


def draw(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    shore = canvas.tall * dice.between(0.74, 0.8)
    light = scenery.sky(canvas, palette, dice.fork("sky"), shore * 0.85)
    far = shore - 0.16 - (scenery.peaks(canvas, dice.fork("far"), 0.8, 0.2) - 0.3) * 0.24
    haze = mix(palette.glow, palette.far, 0.4)
    scenery.hills(canvas, far, Ramp([haze, mix(haze, palette.glow, 0.6)]), 0.3)
    walls = [
        palette.accent,
        mix(palette.glow, palette.light, 0.4),
        palette.far,
        mix(palette.accent, palette.glow, 0.5),
        mix(palette.sky, palette.glow, 0.35),
        mix(palette.far, palette.accent, 0.5),
    ]
    scale = min(1.35, canvas.tall)
    x, before = -dice.between(0, 0.1), -1
    while x < canvas.wide:
        house = dice.fork("house", f"{x:.6f}")
        wide = house.between(0.115, 0.185)
        pick = house.whole(0, len(walls) - 1)
        pick = (pick + 1) % len(walls) if pick == before else pick
        front(canvas, house, x, shore, wide, house.between(0.26, 0.44) * scale, evening(walls[pick], palette), palette)
        x, before = x + wide, pick
    quay(canvas, palette, dice.fork("quay"), shore)
    scenery.mirror(canvas, dice.fork("water"), palette, shore + 0.022, light)
    scenery.birds(
        canvas,
        dice.fork("birds"),
        mix(palette.near, palette.sky, 0.3),
        canvas.wide * dice.between(0.25, 0.75),
        shore * 0.2,
    )
    canvas.vignette(0.3)


def front(
    canvas: Canvas, dice: Dice, x: float, shore: float, wide: float, high: float, wall: Colour, palette: Palette
) -> None:
    """A house: wall, gable, rows of windows, a door."""
    top = shore - high
    body, roof, shade = canvas.cut(), canvas.cut(), canvas.cut()
    body.box(x, top, x + wide + 0.001, shore + 0.01)
    kind = dice.whole(0, 3)
    tile = mix(palette.near, wall, 0.28)
    peak = wide * dice.between(0.45, 0.8)
    if kind == 0:
        body.polygon([(x, top + 0.001), (x + wide / 2, top - peak), (x + wide, top + 0.001)])
        roof.line(
            [(x - 0.004, top + 0.004), (x + wide / 2, top - peak - 0.003), (x + wide + 0.004, top + 0.004)], 0.012
        )
    elif kind == 1:
        for step in range(4):
            inset = wide * 0.125 * step
            body.box(x + inset, top - peak * 0.27 * (step + 1), x + wide - inset, top + 0.002)
            roof.box(
                x + inset - 0.002,
                top - peak * 0.27 * (step + 1) - 0.006,
                x + wide - inset + 0.002,
                top - peak * 0.27 * (step + 1),
            )
    elif kind == 2:
        roof.polygon(
            [(x, top), (x + wide * 0.14, top - peak * 0.75), (x + wide * 0.86, top - peak * 0.75), (x + wide, top)]
        )
        roof.box(x + wide * 0.68, top - peak * 1.05, x + wide * 0.79, top - peak * 0.5)
    else:
        roof.box(x - 0.003, top - 0.014, x + wide + 0.003, top + 0.004)
    canvas.stamp(body, wall)
    canvas.stamp(roof, tile)
    shade.box(x + wide * 0.94, top, x + wide, shore + 0.01)
    canvas.stamp(shade, palette.near, strength=0.16)
    openings(canvas, dice.fork("windows"), x, top, shore, wide, wall, palette)
    if kind in (0, 1):
        eye = canvas.cut()
        eye.disc(x + wide / 2, top - peak * 0.28, wide * 0.085)
        canvas.stamp(eye, mix(palette.near, wall, 0.2))


def openings(
    canvas: Canvas, dice: Dice, x: float, top: float, shore: float, wide: float, wall: Colour, palette: Palette
) -> None:
    """Windows with frames, some lit, in rows; a door below."""
    columns = 2 if wide < 0.14 else 3
    floors = max(2, int((shore - top) / 0.095))
    cell_w, cell_h = wide / columns, (shore - top - 0.012) / floors
    frames, glass, lamps, doors = canvas.cut(), canvas.cut(), canvas.cut(), canvas.cut()
    door = dice.whole(0, columns - 1)
    glow = 0.6 if palette.night else 0.22
    for floor in range(floors):
        for column in range(columns):
            middle, low = x + cell_w * (column + 0.5), top + cell_h * (floor + 1) - cell_h * 0.14
            half, tall = cell_w * 0.25, cell_h * 0.62
            if floor == floors - 1 and column == door:
                doors.box(middle - half * 1.15, low - tall * 1.05, middle + half * 1.15, shore)
                continue
            frames.box(middle - half - 0.0035, low - tall - 0.0035, middle + half + 0.0035, low + 0.0035)
            (lamps if dice.chance(glow) else glass).box(middle - half, low - tall, middle + half, low)
            for pane in (-1, 1):
                frames.box(middle - half - 0.006, low + 0.003, middle + half + 0.006, low + 0.008) if pane > 0 else None
    trim = mix(palette.light, wall, 0.18 if not palette.night else 0.55)
    canvas.stamp(frames, trim)
    canvas.stamp(glass, mix(palette.near, palette.sky, 0.32))
    canvas.stamp(lamps, mix(palette.light, (1.0, 0.78, 0.36), 0.6))
    canvas.stamp(doors, shifted(mix(palette.near, palette.accent, 0.3), 0.02))


def quay(canvas: Canvas, palette: Palette, dice: Dice, shore: float) -> None:
    """The stone edge, and bollards on it."""
    stone, posts = canvas.cut(), canvas.cut()
    stone.box(0, shore, canvas.wide, shore + 0.022)
    canvas.stamp(stone, mix(palette.near, palette.far, 0.35))
    x = dice.between(0.05, 0.2)
    while x < canvas.wide:
        posts.box(x, shore - 0.02, x + 0.011, shore + 0.004)
        x += dice.between(0.16, 0.4)
    canvas.stamp(posts, palette.near)


def evening(wall: Colour, palette: Palette) -> Colour:
    """A wall's colour in the light of the hour."""
    return mix(wall, palette.near, 0.5) if palette.night else mix(wall, palette.glow, 0.14)
