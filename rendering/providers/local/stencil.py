"""Stencils: shapes with smooth edges that paint goes through."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Plane = NDArray[np.float32]
Area = tuple[slice, slice]
"""Rows and columns."""


class Stencil:
    """Polygons, discs and lines, drawn some times larger and shrunk to a mask, so that every edge is smooth."""

    def __init__(self, width: int, height: int, scale: int) -> None:
        self.width, self.height, self.scale = width, height, scale
        self.unit = min(width, height)
        self.shapes: list[tuple[str, list[tuple[float, float]], float, int]] = []
        self.limits = [float("inf"), float("inf"), float("-inf"), float("-inf")]

    def polygon(self, points: Sequence[tuple[float, float]], ink: float = 1.0) -> None:
        self._add("polygon", points, 0, ink)

    def disc(self, x: float, y: float, radius: float, ink: float = 1.0) -> None:
        self._add("disc", [(x - radius, y - radius), (x + radius, y + radius)], 0, ink)

    def box(self, left: float, top: float, right: float, bottom: float, ink: float = 1.0) -> None:
        if right > left and bottom > top:
            self._add("box", [(left, top), (right, bottom)], 0, ink)

    def line(self, points: Sequence[tuple[float, float]], thick: float, ink: float = 1.0) -> None:
        self._add("line", points, thick, ink)

    def _add(self, kind: str, points: Sequence[tuple[float, float]], thick: float, ink: float) -> None:
        self.shapes.append((kind, list(points), thick, int(ink * 255)))
        across, down = [x for x, _ in points], [y for _, y in points]
        left, top, right, bottom = self.limits
        self.limits = [
            min(left, min(across) - thick),
            min(top, min(down) - thick),
            max(right, max(across) + thick),
            max(bottom, max(down) + thick),
        ]

    def area(self) -> tuple[slice, slice]:
        """The rows and columns that the shapes may touch."""
        unit, (left, top, right, bottom) = self.unit, self.limits
        if left > right:
            return slice(0, 0), slice(0, 0)
        rows = clamp(top * unit - 2, self.height), clamp(bottom * unit + 3, self.height)
        columns = clamp(left * unit - 2, self.width), clamp(right * unit + 3, self.width)
        return slice(*rows), slice(*columns)

    def mask(self) -> tuple[tuple[slice, slice], Plane]:
        """The touched area, and its mask."""
        rows, columns = area = self.area()
        width, height = columns.stop - columns.start, rows.stop - rows.start
        if not width or not height:
            return area, np.zeros((height, width), dtype=np.float32)
        sheet = Image.new("L", (width * self.scale, height * self.scale), 0)
        pen, factor = ImageDraw.Draw(sheet), self.unit * self.scale
        left, top = columns.start * self.scale, rows.start * self.scale
        for kind, points, thick, ink in self.shapes:
            scaled = [(x * factor - left, y * factor - top) for x, y in points]
            if kind == "polygon":
                pen.polygon(scaled, fill=ink)
            elif kind == "line":
                pen.line(scaled, fill=ink, width=max(1, round(thick * factor)), joint="curve")
            elif kind == "disc":
                pen.ellipse((*scaled[0], *scaled[1]), fill=ink)
            else:
                right, bottom = (max(low, high - 1) for low, high in zip(*scaled, strict=True))
                pen.rectangle((*scaled[0], right, bottom), fill=ink)
        return area, np.asarray(sheet.reduce(self.scale), dtype=np.float32) * np.float32(1 / 255)


def clamp(place: float, end: int) -> int:
    return max(0, min(end, int(place)))
