"""Decoded frames of any kind to our planes: matrix, range, depth, HDR and fields by their tags, else by a guess."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from media_assets.av.hdr import BT2020, FORMAT, Kind, Mapper, kind
from rendering.engine.errors import MediaProcessingFailed
from rendering.engine.planes import Planes

RGB, BT709, UNSPECIFIED, BT601, ICTCP = 0, 1, 2, 5, 14
FULL_RANGE = 2
SPACES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
HD_LINES = 720
"""Untagged footage of so many lines and more is BT.709, other is BT.601, as players guess."""


class Converter:
    """Turns the frames of one footage into planes of BT.709."""

    def __init__(self) -> None:
        self.reformatter, self.after = VideoReformatter(), VideoReformatter()
        self.mapper: tuple[tuple[Kind, int, int], Mapper] | None = None

    def planes(self, frame: Any, width: int, height: int) -> Planes:
        """The frame scaled to this size; its shape and rotation are the caller's concern."""
        tags = space(frame), full(frame), kind(frame)
        if frame.interlaced_frame and frame.height >= 4:
            frame = field(frame)
        matrix, whole, mapping = tags
        if is_ours(frame, width, height, tags):
            return Planes.of(frame)
        if mapping:
            return Planes.of(self.mapped(frame, width, height, mapping, matrix, whole))
        converted = self.reformatter.reformat(
            frame,
            width,
            height,
            format="yuv420p",
            src_colorspace=SPACES.get(matrix),
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG if whole else ColorRange.MPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.BICUBIC,
            threads=1,
        )
        return Planes.of(converted)

    def mapped(self, frame: Any, width: int, height: int, mapping: Kind, matrix: int, whole: bool) -> Any:
        """The frame through a table of colours."""
        rgb = self.reformatter.reformat(
            frame,
            width,
            height,
            format=FORMAT,
            src_colorspace=SPACES.get(matrix),
            src_color_range=ColorRange.JPEG if whole else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BICUBIC,
            threads=1,
        )
        key = mapping, width, height
        if self.mapper is None or self.mapper[0] != key:
            self.mapper = key, Mapper(*key)
        return self.after.reformat(
            self.mapper[1].map(rgb),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )


def is_ours(frame: Any, width: int, height: int, tags: tuple[int, bool, Kind | None]) -> bool:
    """Whether the frame is what conversion would make of it: its own planes are then looked at, never drawn on."""
    return (frame.format.name, frame.width, frame.height, *tags) == ("yuv420p", width, height, BT709, False, None)


def space(frame: Any) -> int:
    """The matrix by the frame's tag, or by what it most likely is."""
    tag = int(frame.colorspace)
    if tag == ICTCP:
        raise MediaProcessingFailed("Footage in ICtCp colours cannot be shown. Convert it to BT.709 or BT.2020 first.")
    if tag in SPACES or tag == RGB:
        return tag
    if kind(frame):
        return BT2020
    return BT709 if frame.height >= HD_LINES else BT601


def full(frame: Any) -> bool:
    """Whether black is 0, not 16."""
    name: str = frame.format.name
    return bool(frame.color_range == FULL_RANGE) or name.startswith(("yuvj", "gbr", "rgb", "bgr"))


def field(frame: Any) -> Any:
    """One field of an interlaced frame: half the lines, and no comb where something moves."""
    half = av.VideoFrame(frame.width, frame.height // 2, frame.format.name)
    for source, target in zip(frame.planes, half.planes, strict=True):
        lines = np.frombuffer(source, np.uint8).reshape(-1, source.line_size)[: source.height : 2]
        rows = np.frombuffer(target, np.uint8).reshape(-1, target.line_size)
        length = min(source.line_size, target.line_size)
        rows[: min(target.height, len(lines)), :length] = lines[: target.height, :length]
    return half
