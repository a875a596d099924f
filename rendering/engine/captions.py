"""The burned-in caption: where it stands, how large it is, how it comes and goes."""

from __future__ import annotations

from rendering.engine.timeline import Keyframes, Layer, TextLayer

PLATE = "#101418b8"
SIZE = 0.048
"""Type size as a part of the frame's shorter side."""
LINES = 3
FADE_SECONDS = 0.25
SHORTEST_SECONDS = 0.6
"""If less is left between the transitions, the caption shows through them."""


def layers(
    text: str,
    width: int,
    height: int,
    frames: int,
    fps: int,
    *,
    way_in: int = 0,
    way_out: int = 0,
    font: str = "Inter",
) -> tuple[Layer, ...]:
    """A caption over a scene of `frames`: on a plate in the safe area at the bottom, at most three lines.

    It shows between the transitions (`way_in` and `way_out` frames long): two captions never lie on each other.
    """
    if not text.strip():
        return ()
    if frames - way_in - way_out < SHORTEST_SECONDS * fps:
        way_in = way_out = 0
    size = SIZE * min(width, height)
    upright = height > width
    across, below = width * 0.86, height * (0.14 if upright else 0.07)
    tall = size * (LINES * 1.30 + 0.6)
    return (
        TextLayer(
            text=text,
            box=((width - across) / 2, height - below - tall, across, tall),
            size=size,
            smallest=0.6,
            font=font,
            weight="bold",
            anchor="bottom",
            plate=PLATE,
            role="caption",
            first=way_in,
            until=frames - way_out,
            opacity=fades(way_in, frames - way_out, fps),
        ),
    )


def fades(first: int, until: int, fps: int) -> Keyframes:
    """In and out within a quarter of a second, or of the time there is if that is shorter."""
    length = max(1, min(round(FADE_SECONDS * fps), (until - first) // 4))
    return (
        (first - 1, 0.0, "out"),
        (first - 1 + length, 1.0, "linear"),
        (max(until - length, first + length), 1.0, "in"),
        (max(until, first + length + 1), 0.0, "linear"),
    )
