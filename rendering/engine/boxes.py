"""The top level of an ISO base media file (MP4): which boxes there are, and whether all of them are whole."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REQUIRED = ("ftyp", "moov", "mdat")
MOST = 100_000
"""More boxes than any honest file has at its top level."""


class BrokenBoxes(Exception):
    """Not an MP4, or not all of one; the sentence says what and at which byte."""


@dataclass(frozen=True)
class Box:
    kind: str
    start: int
    size: int


def whole(path: Path) -> list[Box]:
    """The boxes of a complete MP4, or BrokenBoxes: `ftyp` first, `moov` and `mdat` there, no byte missing."""
    boxes = list(walk(path))
    kinds = [box.kind for box in boxes]
    if not kinds or kinds[0] != "ftyp":
        raise BrokenBoxes(f"The file begins with {kinds[0] if kinds else 'nothing'!r}, not with 'ftyp'.")
    for kind in REQUIRED:
        if kind not in kinds:
            raise BrokenBoxes(f"There is no {kind!r} box.")
    return boxes


def starts_fast(boxes: list[Box]) -> bool:
    """A player can begin before the last byte has come: `moov` stands before `mdat`."""
    kinds = [box.kind for box in boxes]
    return kinds.index("moov") < kinds.index("mdat")


def walk(path: Path) -> Iterator[Box]:
    """One box after the other; BrokenBoxes where a header or a body does not fit into the file."""
    length = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        for _ in range(MOST):
            if at == length:
                return
            file.seek(at)
            box = read_header(file.read(16), at, length)
            if box.start + box.size > length:
                raise BrokenBoxes(
                    f"Box {box.kind!r} at byte {at} says {box.size} bytes; the file ends after {length - at} of them."
                )
            yield box
            at += box.size
    raise BrokenBoxes(f"More than {MOST} boxes.")


def read_header(head: bytes, at: int, length: int) -> Box:
    """32-bit sizes, 64-bit sizes (size 1) and "to the end of the file" (size 0)."""
    if len(head) < 8:
        raise BrokenBoxes(f"{len(head)} stray bytes at byte {at}.")
    short, raw_kind = struct.unpack(">I4s", head[:8])
    if not all(0x20 <= byte < 0x7F for byte in raw_kind):
        raise BrokenBoxes(f"No box begins at byte {at}.")
    kind, size, header = raw_kind.decode("ascii"), short, 8
    if short == 1:
        if len(head) < 16:
            raise BrokenBoxes(f"Box {kind!r} at byte {at} has no size.")
        size, header = struct.unpack(">Q", head[8:16])[0], 16
    elif short == 0:
        size = length - at
    if size < header:
        raise BrokenBoxes(f"Box {kind!r} at byte {at} says {size} bytes, less than its own header.")
    return Box(kind, at, size)
