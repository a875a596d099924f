"""A video asset read frame by frame: upright, never stretched, as BT.709 planes of the size that is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2

from rendering.engine import media
from rendering.engine.colours import Converter
from rendering.engine.errors import MediaProcessingFailed
from rendering.engine.images import BACKDROP_BLUR, BACKDROP_LIGHT
from rendering.engine.planes import Bitmap, Planes, blend, even, fade
from rendering.engine.timeline import Fit

TOLERANCE = 0.002
"""Seconds: containers that count milliseconds round a frame's time by up to half of one."""
SEEK_SECONDS = 2.0
"""Shorter ways are decoded through: that is quicker than finding the key frame before."""
TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


class Footage:
    """Open footage at a place in time: `seek` moves it, `bitmap` is what is shown there."""

    def __init__(self, path: Path, sha256: str, size: tuple[int, int], fit: Fit, backdrop: bool) -> None:
        self.path, self.name, self.size, self.fit, self.backdrop = path, sha256[:12], size, fit, backdrop
        self.converter = Converter()
        self.shown: Bitmap | None = None
        self.first = True
        self.open()

    def open(self) -> None:
        what = f"The footage {self.name}"
        self.container: Any = media.opened(self.path, what)
        film = media.film(self.container)
        if film is None:
            raise MediaProcessingFailed(f"The footage {self.name} has no picture.")
        if self.first:
            media.require_limits(self.path, self.container, what)
            media.require_readable(film, what)
            self.first = False
        self.stream = film
        self.stream.thread_type = "AUTO"
        self.stream.codec_context.thread_count = 2
        media.limit(self.stream)
        self.origin = (self.container.start_time or 0) / av.time_base
        self.frames = self.decoded()
        self.now: Any = None
        self.coming: Any = None
        self.number = -1

    def seek(self, seconds: float) -> int:
        """Go to the frame that is shown at `seconds` (the first one before it, the last one after); say its number."""
        wanted = self.origin + max(seconds, 0.0)
        if self.now is None or wanted < self.time(self.now) - TOLERANCE:
            self.start(wanted)
        while self.coming is not None and self.time(self.coming) <= wanted + TOLERANCE:
            self.step()
        return self.number

    def start(self, wanted: float) -> None:
        """Begin to decode at the key frame before `wanted`."""
        rewind = self.now is not None
        if rewind:
            self.close()
            self.open()
        far = wanted - self.origin > SEEK_SECONDS
        if far:
            self.container.seek(int(wanted / self.stream.time_base), stream=self.stream, backward=True)
        self.coming = next(self.frames, None)
        if far and (self.coming is None or self.time(self.coming) > wanted + TOLERANCE):  # a wrong index
            self.close()
            self.open()
            self.coming = next(self.frames, None)
        self.step()
        if self.now is None:
            raise MediaProcessingFailed(f"The footage {self.name} has no frame that can be decoded.")

    def step(self) -> None:
        self.now, self.coming = self.coming, next(self.frames, None)
        self.number += 1
        self.shown = None

    def decoded(self) -> Iterator[Any]:
        try:
            yield from self.container.decode(self.stream)
        except av.FFmpegError as error:
            raise MediaProcessingFailed(f"The footage {self.name} cannot be decoded.") from error

    def time(self, frame: Any) -> float:
        stamp = frame.pts if frame.pts is not None else frame.dts
        return float(stamp * frame.time_base) if stamp is not None else self.origin

    def bitmap(self) -> Bitmap:
        """The present frame, placed in a box that begins at 0, 0."""
        if self.shown is None:
            self.shown = self.placed(self.now)
        return self.shown

    def placed(self, frame: Any) -> Bitmap:
        width, height = self.size
        turn = round(frame.rotation / 90) * 90 % 360
        across, down = self.display_size(frame, turn)
        sides = width / across, height / down
        if self.fit == "cover":
            planes = self.scaled(frame, turn, across * max(sides), down * max(sides))
            return Bitmap(middle(planes, width, height))
        planes = self.scaled(frame, turn, across * min(sides), down * min(sides))
        x, y = (width - planes.width) // 4 * 2, (height - planes.height) // 4 * 2
        front = Bitmap(planes, x=max(x, 0), y=max(y, 0))
        if not self.backdrop or (planes.width >= width and planes.height >= height):
            return front
        behind = Planes.blank(width, height)
        blurred(middle_part(planes, width / height), behind)
        blend(behind, front)
        return Bitmap(behind)

    def display_size(self, frame: Any, turn: int) -> tuple[float, float]:
        """Width and height as meant to be seen: pixels made square, turned upright."""
        pixel = float(self.stream.sample_aspect_ratio or 1) or 1.0
        across, down = frame.width * pixel, float(frame.height)
        return (down, across) if turn in (90, 270) else (across, down)

    def scaled(self, frame: Any, turn: int, across: float, down: float) -> Planes:
        size = max(even(round(across - 1e-6)), 2), max(even(round(down - 1e-6)), 2)
        lying = (size[1], size[0]) if turn in (90, 270) else size
        planes = self.converter.planes(frame, *lying)
        return Planes(*(cv2.rotate(plane, TURNS[turn]) for plane in planes.each())) if turn else planes

    def close(self) -> None:
        self.container.close()


def middle(planes: Planes, width: int, height: int) -> Planes:
    """The central part."""
    return planes.view((planes.width - width) // 4 * 2, (planes.height - height) // 4 * 2, width, height)


def middle_part(planes: Planes, shape: float) -> Planes:
    """The largest central part whose width is `shape` times its height."""
    width, height = min(planes.width, planes.height * shape), min(planes.height, planes.width / shape)
    return middle(planes, max(2 * int(width / 2), 2), max(2 * int(height / 2), 2))


def blurred(planes: Planes, target: Planes) -> None:
    """Fill `target` with a dark blur; made small, since nothing fine is left in it."""
    for plane, out in zip(planes.each(), target.each(), strict=True):
        size = max(2, out.shape[1] // 16), max(2, out.shape[0] // 16)
        small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(small, (0, 0), max(size[0] * BACKDROP_BLUR, 0.5))
        cv2.resize(soft, (out.shape[1], out.shape[0]), dst=out, interpolation=cv2.INTER_CUBIC)
    fade(target, target, BACKDROP_LIGHT)
