"""Colours, and ramps between them that stay clean on the way: mixed in OKLab, looked up in a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
"""Red, green and blue as they are shown, 0–1."""

TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
STEPS = 2048


def from_hex(text: str) -> Colour:
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def mix(one: Colour, other: Colour, part: float) -> Colour:
    """A colour on the way from one to the other."""
    red, green, blue = displayed(lab(one) * (1 - part) + lab(other) * part)
    return float(red), float(green), float(blue)


def shifted(colour: Colour, lightness: float = 0.0, chroma: float = 1.0) -> Colour:
    """The colour made lighter or darker, and more or less colourful."""
    red, green, blue = displayed(lab(colour) * np.array([1, chroma, chroma]) + np.array([lightness, 0, 0]))
    return float(red), float(green), float(blue)


def lightness(colour: Colour) -> float:
    """How light a colour looks, 0–1."""
    return float(lab(colour)[0])


class Ramp:
    """A row of colours at even distances, or at `places`, with every tone between them."""

    def __init__(self, colours: Sequence[Colour], places: Sequence[float] | None = None) -> None:
        stops = np.array([lab(colour) for colour in colours])
        at = np.linspace(0, 1, len(colours)) if places is None else np.asarray(places)
        way = np.linspace(0, 1, STEPS)
        tones = displayed(np.stack([np.interp(way, at, stops[:, axis]) for axis in range(3)], axis=1))
        self.table = np.ascontiguousarray(tones.T).astype(np.float32)

    def at(self, part: NDArray[np.float32]) -> NDArray[np.float32]:
        """Three planes of colour for a plane of 0–1."""
        index = (np.clip(part, 0, 1) * np.float32(STEPS - 1) + np.float32(0.5)).astype(np.uint16)
        return self.table[:, index]

    def one(self, part: float) -> Colour:
        red, green, blue = self.table[:, round(min(max(part, 0.0), 1.0) * (STEPS - 1))]
        return float(red), float(green), float(blue)


def lab(colour: Colour) -> NDArray[np.float64]:
    shown = np.asarray(colour, dtype=np.float64)
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    return np.asarray(TO_LAB @ np.cbrt(TO_LMS @ linear))


def displayed(labs: NDArray[np.float64]) -> NDArray[np.float64]:
    """OKLab as shown; rounded, so that the last bit of a machine's own power function never matters."""
    linear = np.linalg.inv(TO_LMS) @ (np.linalg.inv(TO_LAB) @ labs.T) ** 3
    linear = np.clip(linear, 0, 1)
    shown = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(shown, 7).T)
