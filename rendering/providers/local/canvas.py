"""A canvas of floating-point planes: smooth curves, soft masks, light, and an end without banding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rendering.providers.local.colour import Colour, Ramp
from rendering.providers.local.dice import Dice
from rendering.providers.local.stencil import Area, Plane, Stencil

Paint = Colour | Plane
"""One colour, or three planes of the mask's size."""


ALL: Area = (slice(None), slice(None))


class Canvas:
    """Red, green and blue planes of 0–1. Places and sizes are in units of the shorter side, so all fits any size.

    Every machine must draw the same bytes: planes only meet operations that IEEE 754 defines to the last bit
    (+ − × ÷ √); sines, powers and exponentials are taken in double precision of short tables.
    On a `living` canvas what can move (birds) is left out: it will be laid over it.
    """

    def __init__(self, width: int, height: int, *, living: bool = False) -> None:
        self.living = living
        self.width, self.height = width, height
        self.unit = min(width, height)
        self.wide, self.tall = width / self.unit, height / self.unit
        self.pixel = 1 / self.unit
        self.x: Plane = ((np.arange(width) + 0.5) / self.unit).astype(np.float32)[None, :]
        self.y: Plane = ((np.arange(height) + 0.5) / self.unit).astype(np.float32)[:, None]
        self.planes: Plane = np.zeros((3, height, width), dtype=np.float32)

    # Painting

    def fill(self, colour: Colour) -> None:
        self.planes[:] = np.asarray(colour, dtype=np.float32)[:, None, None]

    def downwards(self, ramp: Ramp, top: float = 0.0, bottom: float | None = None) -> None:
        """A gradient from the height `top` down to `bottom`."""
        bottom = self.tall if bottom is None else bottom
        self.planes[:] = ramp.at((self.y - top) / (bottom - top))

    def paint(self, mask: Plane, paint: Paint, area: Area = ALL, strength: float = 1.0) -> None:
        """Blend paint in where the mask says."""
        part = mask if strength == 1.0 else mask * np.float32(strength)
        for plane, tone in zip(self.planes, paint, strict=True):
            spot = plane[area]
            spot += (np.asarray(tone, dtype=np.float32) - spot) * part

    def light(self, mask: Plane, colour: Colour, area: Area = ALL, strength: float = 1.0) -> None:
        """Add light (screen): never more than white."""
        for plane, tone in zip(self.planes, colour, strict=True):
            spot = plane[area]
            spot += (1 - spot) * mask * np.float32(tone * strength)

    def shade(self, mask: Plane, area: Area = ALL, strength: float = 1.0) -> None:
        """Take light away (multiply)."""
        self.planes[(slice(None), *area)] *= 1 - mask * np.float32(strength)

    def stamp(self, stencil: Stencil, colour: Colour, strength: float = 1.0) -> None:
        """Paint through a stencil."""
        area, mask = stencil.mask()
        self.paint(mask, colour, area, strength)

    def shine(self, stencil: Stencil, colour: Colour, strength: float = 1.0) -> None:
        """Add light through a stencil."""
        area, mask = stencil.mask()
        self.light(mask, colour, area, strength)

    # Masks

    def disc(self, x: float, y: float, radius: float, soft: float = 0.0) -> Plane:
        """A round mask; `soft` is the width of its edge beyond antialiasing."""
        edge = np.float32(max(self.pixel, soft))
        away = np.sqrt(self.squared(x, y))
        mask: Plane = np.clip((np.float32(radius) - away) / edge + np.float32(0.5), 0, 1)
        return mask

    def ring(self, x: float, y: float, radius: float, thick: float) -> Plane:
        away = np.abs(np.sqrt(self.squared(x, y)) - np.float32(radius))
        mask: Plane = np.clip((np.float32(thick / 2) - away) * np.float32(self.unit) + np.float32(0.5), 0, 1)
        return mask

    def halo(self, x: float, y: float, radius: float, stretch: float = 1.0) -> Plane:
        """Light that falls off with distance: 1 in the middle, a quarter at `radius`."""
        near: Plane = np.float32(1) / (1 + self.squared(x, y, stretch) * np.float32(1 / radius**2))
        return near * near

    def squared(self, x: float, y: float, stretch: float = 1.0) -> Plane:
        """Squared distance to a point."""
        across, down = (self.x - np.float32(x)) * np.float32(1 / stretch), self.y - np.float32(y)
        return across * across + down * down

    def below(self, edge: NDArray[np.float64]) -> tuple[Area, Plane]:
        """The area from the top of an edge (a height for each column) down, and the mask of what lies below it."""
        first = max(0, min(self.height - 1, int(float(edge.min()) * self.unit) - 2))
        rows = slice(first, self.height)
        steep = np.gradient(edge) * self.unit
        sharp = self.unit / np.sqrt(1 + steep * steep)
        away = (self.y[rows] - edge.astype(np.float32)[None, :]) * sharp.astype(np.float32)[None, :]
        return (rows, slice(None)), np.clip(away + np.float32(0.5), 0, 1)

    def cut(self, scale: int = 3) -> Stencil:
        """A stencil to draw antialiased polygons and lines on."""
        return Stencil(self.width, self.height, scale)

    # Noise

    def curve(self, dice: Dice, cells: float, octaves: int = 4, gain: float = 0.5) -> NDArray[np.float64]:
        """A smooth random line over the width, about −1…1; `cells` is how many hills fit in one unit."""
        line, size, reach = np.zeros(self.width), 1.0, 0.0
        at = (np.arange(self.width) + 0.5) / self.unit
        for octave in range(octaves):
            points = dice.numbers(int(8 * cells * 2**octave) + 8) * 2 - 1
            place = at * cells * 2**octave
            cell = place.astype(np.int64)
            part = place - cell
            part = part * part * part * (part * (part * 6 - 15) + 10)
            left, right = points[cell % len(points)], points[(cell + 1) % len(points)]
            line += (left + (right - left) * part) * size
            reach += size
            size *= gain
        return line / reach * 1.4

    def field(self, dice: Dice, cells: float, octaves: int = 4, gain: float = 0.5, stretch: float = 1.0) -> Plane:
        """Smooth random heights over the whole canvas, about −1…1; `stretch` makes them longer than high."""
        # Soft fields of a large canvas are worked out at half its size: a quarter of the time, and nobody sees it.
        half = 2 if self.unit >= 1000 and cells * 2**octaves * 24 < self.unit else 1
        width, height = self.width // half, self.height // half
        total: Plane = np.zeros((height, width), dtype=np.float32)
        size, reach = 1.0, 0.0
        for octave in range(octaves):
            cells_here = cells * 2**octave
            across, down = self.wide * cells_here / stretch, self.tall * cells_here
            columns, rows = int(across) + 5, int(down) + 5
            lattice = Image.fromarray((dice.numbers(rows, columns) * 2 - 1).astype(np.float32))
            # The margin of two cells keeps the cubic's edge off the canvas.
            box = (2.0, 2.0, 2.0 + across, 2.0 + down)
            smooth = lattice.resize((width, height), Image.Resampling.BICUBIC, box=box)
            total += np.asarray(smooth, dtype=np.float32) * np.float32(size)
            reach += size
            size *= gain
        total *= np.float32(1.6 / reach)
        return total if half == 1 else self.enlarged(total)

    def enlarged(self, plane: Plane) -> Plane:
        """A smaller plane at the canvas's own size."""
        return np.asarray(Image.fromarray(plane).resize((self.width, self.height), Image.Resampling.BICUBIC))

    def steepness(self, field: Plane) -> Plane:
        """How much a field changes from one pixel to the next: a field divided by it is a distance in pixels."""
        step = 2 if self.unit >= 1000 else 1
        down, across = np.gradient(field[::step, ::step])
        steep = np.sqrt(across * across + down * down) * np.float32(1 / step) + np.float32(1e-6)
        return steep if step == 1 else self.enlarged(steep)

    # The end

    def vignette(self, strength: float = 0.2) -> None:
        """A little less light in the corners."""
        across, down = self.x / self.wide - np.float32(0.5), self.y / self.tall - np.float32(0.5)
        far = (across * across + down * down) * 2
        self.planes *= 1 - far * far * np.float32(strength)

    def image(self, dice: Dice, grain: float = 1.6) -> Image.Image:
        """The finished picture: film grain over all colours, and a dither below one level of each against banding."""
        noise = dice.fork("grain").octets(4, self.height, self.width)
        film = (noise[:3].astype(np.int16).sum(axis=0, dtype=np.int16).astype(np.float32) - 382.5) / np.float32(128)
        bands = []
        for number, plane in enumerate(self.planes):
            speck = np.roll(noise[3], 977 * number, axis=1).astype(np.float32) / 256
            level = plane * 255 + film * np.float32(grain) + speck
            bands.append(Image.fromarray(np.clip(level, 0, 255).astype(np.uint8)))
        return Image.merge("RGB", bands)

    def save(self, path: Path, dice: Dice) -> Image.Image:
        """Write the picture: JPEG with full colour, or lossless PNG, as the name says."""
        picture = self.image(dice)
        if path.suffix.lower() == ".png":
            picture.save(path, "PNG", compress_level=3)
        else:
            picture.save(path, "JPEG", quality=93, subsampling=0)
        return picture
