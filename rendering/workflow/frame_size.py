"""How large a film's frames are, and how many go by in a second."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any

LEAST_SIDE, MOST_SIDE = 64, 4096
ASPECT_RATIOS = {
    "16:9": Fraction(16, 9),
    "9:16": Fraction(9, 16),
    "1:1": Fraction(1),
    "4:5": Fraction(4, 5),
    "4:3": Fraction(4, 3),
    "21:9": Fraction(21, 9),
}
QUALITIES = {"draft": 360, "480p": 480, "720p": 720, "1080p": 1080, "1440p": 1440, "2160p": 2160}
"""The shorter side."""
DRAFT_FPS = 15


def size(
    document: Mapping[str, Any],
    quality: str | None = None,
    width: int | None = None,
    height: int | None = None,
    aspect_ratio: str | None = None,
) -> tuple[int, int]:
    """Width and height in pixels, both even; what is given here goes before what the document says."""
    if width and height:
        return width, height
    own = (document["width"], document["height"]) if document["width"] and document["height"] else None
    if own and not quality and not aspect_ratio:
        return own
    ratio = Fraction(*own) if own and not aspect_ratio else ASPECT_RATIOS[aspect_ratio or document["aspect_ratio"]]
    shorter = min(own) if own and not quality else QUALITIES[quality or document["quality"]]
    longer = even(shorter * max(ratio, 1 / ratio))
    return (longer, shorter) if ratio >= 1 else (shorter, longer)


def ratio_name(width: int, height: int) -> str:
    """A frame's shape as people say it: one of ours when it is that, else its own smallest numbers."""
    for name, ratio in ASPECT_RATIOS.items():
        shorter = min(width, height)
        longer = even(shorter * max(ratio, 1 / ratio))
        if (width, height) == ((longer, shorter) if ratio >= 1 else (shorter, longer)):
            return name
    own = Fraction(width, height)
    return f"{own.numerator}:{own.denominator}"


def frame_rate(fps: int, quality: str) -> int:
    """A draft has few frames: it is looked at once."""
    return min(fps, DRAFT_FPS) if quality == "draft" else fps


def even(length: Fraction) -> int:
    """The nearest even number."""
    return 2 * floor(length / 2 + Fraction(1, 2))
