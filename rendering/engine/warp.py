"""Zoom and pan of planes, exact to a thirtieth of a pixel, at the price of a plain resize.

`cv2.warpAffine` takes any real window but gathers pixel by pixel: 12 ms for a 1080p frame. `cv2.resize` takes 2.5 ms
but only whole rectangles. Among all whole rectangles (a few pixels larger than needed, then cropped) there is nearly
always one whose scale and offset are within 1/30 px of the wanted ones over the whole frame: that one is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from rendering.engine.planes import Array, Bitmap, Planes

SPARE = 40
"""How many columns or rows more than needed may be made to find a better rectangle."""
MARGIN = 128
"""Luma pixels around a source, so that spare ones have something to show."""
FINEST = 1.05
"""The source has at least so many pixels per pixel shown: at exactly 1 whole rectangles cannot be shifted by less."""


@dataclass(frozen=True)
class Source:
    """A bitmap with a margin around each of its planes (y, u, v and, if any, alpha, alpha of chroma)."""

    padded: tuple[Array, ...]
    width: int
    height: int

    @classmethod
    def of(cls, bitmap: Bitmap) -> Source:
        planes = bitmap.planes.each()
        every = planes if bitmap.alpha is None else (*planes, *bitmap.alphas()[:2])
        return cls(
            tuple(pad(plane, bitmap.planes.height) for plane in every), bitmap.planes.width, bitmap.planes.height
        )

    @property
    def opaque(self) -> bool:
        return len(self.padded) == 3

    @property
    def nbytes(self) -> int:
        return sum(plane.nbytes for plane in self.padded)


@dataclass(frozen=True)
class Whole:
    """Along one axis: `taken` source pixels from `start` become `made`; the result begins at `skip`."""

    start: int
    taken: int
    made: int
    skip: int


def warp(source: Source, target: Planes, left: float, top: float, share: float) -> None:
    """Fill `target` with the source's window: `left`, `top` and `share` in parts of its width and height."""
    for plane, out, axes in zip(source.padded, target.each(), maps(source, target, left, top, share), strict=False):
        resample(plane, out, *axes)


def warp_alpha(source: Source, target: Planes, left: float, top: float, share: float) -> tuple[Array, Array]:
    """The same window of the source's transparency."""
    full, half = np.empty_like(target.y), np.empty_like(target.u)
    luma, chroma, _ = maps(source, target, left, top, share)
    resample(source.padded[3], full, *luma)
    resample(source.padded[4], half, *chroma)
    return full, half


def maps(source: Source, target: Planes, left: float, top: float, share: float) -> tuple[tuple[Whole, Whole, int], ...]:
    """Rectangles for luma and for chroma, whose samples lie at luma's (2x, 2y + 0.5)."""
    across, down = share * source.width / target.width, share * source.height / target.height
    x, y = left * source.width + across / 2 - 0.5, top * source.height + down / 2 - 0.5
    luma = (whole(across, x, target.width), whole(down, y, target.height), MARGIN)
    chroma = (
        whole(across, x / 2, target.width // 2),
        whole(down, (y + down / 2 - 0.5) / 2, target.height // 2),
        MARGIN // 2,
    )
    return luma, chroma, chroma


@lru_cache(maxsize=4096)
def whole(scale: float, offset: float, length: int) -> Whole:
    """The whole rectangle nearest to x_source = scale·x + offset for x in 0 … length − 1."""
    made, skip = tries(length)
    taken = np.rint(made * scale)
    ratio = taken / made
    first = (skip + 0.5) * ratio - 0.5
    drift = (length - 1) * (ratio - scale)
    start = np.rint(offset - first - drift / 2)
    error = first + start - offset
    best = int(np.argmin(np.maximum(np.abs(error), np.abs(error + drift))))
    return Whole(int(start[best]), int(taken[best]), int(made[best]), int(skip[best]))


@lru_cache(maxsize=64)
def tries(length: int) -> tuple[np.ndarray, np.ndarray]:
    """All (made, skip) that leave `length` pixels."""
    pairs = [(length + spare, skip) for spare in range(SPARE + 1) for skip in range(spare + 1)]
    made, skip = np.array(pairs, np.float64).T
    return made, skip


def resample(plane: Array, out: Array, across: Whole, down: Whole, margin: int) -> None:
    x, y = across.start + margin, down.start + margin
    part = plane[y : y + down.taken, x : x + across.taken]
    made = cv2.resize(part, (across.made, down.made), interpolation=cv2.INTER_LINEAR)
    np.copyto(out, made[down.skip : down.skip + out.shape[0], across.skip : across.skip + out.shape[1]])


def pad(plane: Array, height: int) -> Array:
    margin = MARGIN * plane.shape[0] // height
    return cv2.copyMakeBorder(plane, margin, margin, margin, margin, cv2.BORDER_REPLICATE)  # type: ignore[no-any-return]
