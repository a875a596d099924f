"""What every layer's clip is: a MoviePy clip that can also lay itself over planes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from moviepy.video.VideoClip import VideoClip

from rendering.engine.errors import MediaProcessingFailed
from rendering.engine.planes import Array, Bitmap, Planes, as_bytes, blend, to_rgb
from rendering.engine.timeline import Layer, at_frame


@dataclass(frozen=True)
class Stage:
    """What a layer must know of the film and of its scene."""

    width: int
    height: int
    fps: int
    frames: int
    """Of the scene."""
    assets: Mapping[str, Path]
    moviepy_layers: Sequence[str] = ()

    def path(self, sha256: str) -> Path:
        if sha256 not in self.assets:
            raise MediaProcessingFailed(f"The asset {sha256[:12]} is missing.")
        return self.assets[sha256]


class LayerClip(VideoClip):  # type: ignore[misc]
    """A MoviePy clip, with mask and position, that also lays itself over planes. Frames count from its first one."""

    warnings: tuple[str, ...] = ()
    """What a person should know of it: "the title was shortened to fit"."""

    def __init__(self, layer: Layer, stage: Stage, box: tuple[int, int, int, int]) -> None:
        self.layer = layer
        self.frames = (stage.frames if layer.until is None else min(layer.until, stage.frames)) - layer.first
        super().__init__(duration=max(self.frames, 1) / stage.fps)
        self.x, self.y, width, height = box
        self.size = (width, height)
        self.fps = stage.fps
        self.pos = lambda t: (self.x, self.y)
        self.frame_function = lambda t: self.colours(self.bitmap(self.frame_at(t)))
        self.mask = VideoClip(is_mask=True, duration=self.duration)
        self.mask.size = self.size
        self.mask.frame_function = lambda t: self.bitmap(self.frame_at(t)).alphas()[0] / 255.0

    @abstractmethod
    def bitmap(self, frame: int) -> Bitmap:
        """The layer's picture, without opacity and shift."""

    def covers(self, canvas: Planes) -> bool:
        """Whether nothing of the canvas shines through, ever."""
        return False

    def look(self, frame: int) -> Hashable:
        """Equal for frames whose bitmaps are equal."""
        return 0

    def draw(self, canvas: Planes, frame: int) -> None:
        blend(canvas, self.bitmap(frame), self.opacity(frame), self.shift(frame))

    def state(self, frame: int) -> Hashable:
        """Equal for frames that draw the same."""
        return self.look(frame), self.opacity(frame), self.shift(frame)

    def opacity(self, frame: int) -> float:
        return min(max(at_frame(self.layer.opacity, frame + self.layer.first), 0.0), 1.0)

    def shift(self, frame: int) -> tuple[float, float]:
        """In steps of 1/16 px: finer ones cannot be seen."""
        across = at_frame(self.layer.shift_x, frame + self.layer.first)
        down = at_frame(self.layer.shift_y, frame + self.layer.first)
        return round(across * 16) / 16, round(down * 16) / 16

    def frame_at(self, t: float) -> int:
        return min(max(int(t * self.fps + 0.5), 0), max(self.frames - 1, 0))

    @staticmethod
    def colours(bitmap: Bitmap) -> Array:
        """RGB as MoviePy wants it: not premultiplied."""
        if bitmap.alpha is None:
            return to_rgb(bitmap.planes)
        pairs = zip(bitmap.planes.each(), bitmap.alphas(), strict=True)
        y, u, v = (as_bytes(plane * (255 / np.maximum(alpha, 1.0))) for plane, alpha in pairs)
        return to_rgb(Planes(y, u, v))
