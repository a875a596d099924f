"""How alike two pictures look: a 64-bit gradient hash of the shapes and a small histogram of the colours."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
from PIL import Image

TOO_ALIKE = 0.16
"""Below this distance two pictures look like the same one to a person who leafs through a storyboard.
A re-encoded, resized or slightly brightened copy stays under 0.08; two pictures that differ in style lie above 0.2."""

SHAPE_BITS = 64
COLOURS_END = 16 + 2 * 48


def of(picture: Path | Image.Image) -> str:
    """A picture's likeness: 16 hex digits of shape and 96 of colour. What follows a colon is the provider's own."""
    if isinstance(picture, Path):
        with Image.open(picture) as opened:
            return of(opened.convert("RGB"))
    # Both are taken from one small copy of a fixed size, so that the file's own size and grain don't matter.
    small = picture.convert("RGB").resize((72, 64), Image.Resampling.BOX)
    grey = np.asarray(small.convert("L").resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    bits = (grey[:, 1:] > grey[:, :-1]).ravel()
    shape = int("".join("1" if bit else "0" for bit in bits), 2)
    return f"{shape:016x}" + colours(small).tobytes().hex()


def distance(one: str, other: str) -> float:
    """0 (the same) to 1: the mean of the shapes' distance and the colours'."""
    shape = (int(one[:16], 16) ^ int(other[:16], 16)).bit_count() / SHAPE_BITS
    left, right = (
        np.frombuffer(bytes.fromhex(text[16:COLOURS_END]), dtype=np.uint8).astype(np.int16) for text in (one, other)
    )
    colour = float(np.abs(left - right).sum()) / max(1.0, float(left.sum() + right.sum()))
    return (shape + colour) / 2


def nearest(one: str, others: Collection[str]) -> float:
    """The distance to the most alike of the others; 1 where there are none."""
    return min((distance(one, other) for other in others), default=1.0)


def colours(small: Image.Image) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Sixteen levels of each of lightness, warmth (red − blue) and green − magenta, as shares of 255."""
    red, green, blue = (np.asarray(band, dtype=np.int32) for band in small.split())
    axes = (red * 2 + green * 5 + blue) // 8, (red - blue + 255) // 2, (2 * green - red - blue + 510) // 4
    counts = [np.bincount((axis // 16).ravel(), minlength=16) for axis in axes]
    # Neighbouring levels share a third, so that a hair more light isn't a different colour.
    spread = [c * 4 + np.pad(c, (1, 0))[:16] * 2 + np.pad(c, (0, 1))[1:] * 2 for c in counts]
    return (np.concatenate(spread) * 255 // (8 * small.width * small.height)).astype(np.uint8)
