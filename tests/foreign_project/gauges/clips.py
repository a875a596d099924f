"""MoviePy clips; they run in the process that renders, without Django."""

import numpy as np
from moviepy import VideoClip


def filling(width: int, height: int, fps: int, frames: int, share: float, color: str) -> VideoClip:
    """A bar over the lower half that grows from the left up to `share` of the width."""
    ink = [int(color[at : at + 2], 16) for at in (1, 3, 5)]

    def frame(t: float) -> "np.ndarray":
        picture = np.full((height, width, 3), 16, np.uint8)
        picture[height // 2 :, : round(width * share * (t * fps + 1) / frames)] = ink
        return picture

    return VideoClip(frame, duration=frames / fps)
