"""The burned-in caption: where it stands, how large it is, how it comes and goes."""

from __future__ import annotations

from rendering.engine.timeline import Keyframes, Layer, TextLayer

PLATE = "#101418b8"
SIZE = 0.048
"""Type size as a part of the frame's shorter side."""
LINES = 3
FADE_SECONDS = 0.25


def layers(text: str, width: int, height: int, frames: int, fps: int, font: str = "Inter") -> tuple[Layer, ...]:
    """A caption over a scene of `frames`: on a plate in the safe area at the bottom, at most three lines."""
    if not text.strip():
        return ()
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
            opacity=fades(frames, fps),
        ),
    )


def fades(frames: int, fps: int) -> Keyframes:
    """In and out within a quarter of a second, or of the scene if that is shorter."""
    length = max(1, min(round(FADE_SECONDS * fps), frames // 4))
    last = max(frames - 1, 1)
    return ((0, 0.0, "out"), (length, 1.0, "linear"), (max(last - length, length), 1.0, "in"), (last, 0.0, "linear"))
