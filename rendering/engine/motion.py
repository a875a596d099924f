"""Slow camera moves over a still: which part of the picture is seen when."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rendering.engine.timeline import Motion

ZOOM = 1.10
"""How much closer the camera comes; pans travel inside the same margin."""


@dataclass(frozen=True)
class Window:
    """The seen part of the picture, in shares (0–1) of its width and height."""

    left: float
    top: float
    share: float


def window(motion: Motion, part: float) -> Window:
    """The window at `part` (0–1) of the clip. A zoom's speed looks constant: its logarithm is what eases."""
    if motion == "none":
        return Window(0, 0, 1)
    eased = gentle(part)
    if motion in ("zoom_in", "zoom_out"):
        share = math.exp(-math.log(ZOOM) * (eased if motion == "zoom_in" else 1 - eased))
        return Window((1 - share) / 2, (1 - share) / 2, share)
    share = 1 / ZOOM
    room = 1 - share
    along = {"pan_right": eased, "pan_left": 1 - eased, "pan_down": eased, "pan_up": 1 - eased}[motion] * room
    across = room / 2
    return Window(along, across, share) if motion in ("pan_left", "pan_right") else Window(across, along, share)


def closest(motion: Motion) -> float:
    """The greatest enlargement on the way."""
    return 1.0 if motion == "none" else ZOOM


def safe(motion: Motion) -> tuple[float, float]:
    """The central share of width and height that is seen all the time."""
    if motion == "none":
        return 1.0, 1.0
    seen = 1 / ZOOM
    if motion in ("pan_left", "pan_right"):
        return 2 * seen - 1, seen
    if motion in ("pan_up", "pan_down"):
        return seen, 2 * seen - 1
    return seen, seen


def gentle(part: float) -> float:
    """Even speed with soft ends: a third of a cosine ease, two thirds of a line."""
    part = min(max(part, 0.0), 1.0)
    return (0.5 - 0.5 * math.cos(math.pi * part)) / 3 + part * 2 / 3
