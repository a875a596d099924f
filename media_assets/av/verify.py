"""Does it really decode: the first, a middle and the last frame."""

import time
from pathlib import Path
from typing import Any, BinaryIO

from av.error import EOFError as EndOfFile
from av.error import FFmpegError, InvalidDataError

from media_assets.av.limits import EFFORT_SECONDS
from media_assets.av.probe import film_of, sound_of
from media_assets.av.sniff import Kind
from media_assets.exceptions import NotAVideo, ProcessingFailed

SEGMENT = b"\x18\x53\x80\x67"
TAIL_SECONDS = 1.0
"""A last frame this long before the stated end is still its end: pictures may be held."""


def verify(container: Any, duration: float) -> Any:
    """The first frame of the film (None of a sound), after a middle and the last one decoded as well."""
    film, sound = film_of(container), sound_of(container)
    if film is None:
        _first(container, sound)
        _reach_end(container, sound, duration)
        return None
    film.thread_type, film.thread_count = "AUTO", 2
    picture = _first(container, film)
    if sound is not None:
        _first(container, sound)
    _seek(container, film, duration / 2)
    _next(container, film)
    _reach_end(container, film, duration)
    return picture


def check_whole(path: Path, kind: Kind) -> None:
    """A cut file is refused by its own table of contents, however well its beginning plays."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if kind.demuxer == "mov":
            _check_boxes(file, size)
        elif kind.demuxer == "matroska":
            _check_segment(file, size)
        elif kind.demuxer in ("avi", "wav"):
            _check_riff(file, size, kind)


def _check_boxes(file: BinaryIO, size: int) -> None:
    place, seen = 0, set()
    while place + 8 <= size:
        file.seek(place)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:
            length = size - place
        if length < 8 or place + length > size:
            raise NotAVideo
        seen.add(head[4:8])
        place += length
    if not seen >= {b"moov", b"mdat"} and b"moof" not in seen:
        raise NotAVideo


def _check_segment(file: BinaryIO, size: int) -> None:
    """An EBML header and one Segment, whose length may be unknown."""
    head = file.read(128)
    length, width = _vint(head[4:])
    place = 4 + width + length
    if head[place : place + 4] == SEGMENT:
        length, width = _vint(head[place + 4 :])
        known = length != (1 << 7 * width) - 1
        if known and place + 4 + width + length > size:
            raise NotAVideo


def _check_riff(file: BinaryIO, size: int, kind: Kind) -> None:
    """The length at the head; recorders that write into a pipe leave it 0 or all ones. A pad byte may lack."""
    length = int.from_bytes(file.read(8)[4:], "little")
    if length not in (0, 0xFFFFFFFF) and length + 8 > size + 1:
        raise NotAVideo if kind.video else ProcessingFailed


def _vint(data: bytes) -> tuple[int, int]:
    """A Matroska number and how many bytes it took."""
    if not data or not data[0]:
        raise NotAVideo
    width = 9 - data[0].bit_length()
    return int.from_bytes(data[:width], "big") & ((1 << 7 * width) - 1), width


def _first(container: Any, stream: Any) -> Any:
    container.seek(0)
    return _next(container, stream)


def _next(container: Any, stream: Any) -> Any:
    """The next frame that decodes."""
    until = time.monotonic() + EFFORT_SECONDS
    for packet in container.demux(stream):
        for frame in _decode(packet):
            return frame
        if time.monotonic() > until:
            break
    raise ProcessingFailed


def _reach_end(container: Any, stream: Any, duration: float) -> None:
    """Decode from the last key frame on; what comes must come near to the stated end."""
    start = float((stream.start_time or 0) * stream.time_base)
    _seek(container, stream, max(0.0, duration - 0.1))
    reached, until = None, time.monotonic() + EFFORT_SECONDS
    for packet in container.demux(stream):
        for frame in _decode(packet):
            if frame.time is not None:
                reached = max(reached or 0.0, frame.time - start)
        if time.monotonic() > until:
            return
    if reached is None or reached < duration - max(TAIL_SECONDS, duration * 0.1):
        raise ProcessingFailed


def _seek(container: Any, stream: Any, seconds: float) -> None:
    container.seek(int(seconds / stream.time_base) + (stream.start_time or 0), stream=stream)


def _decode(packet: Any) -> list[Any]:
    """The packet's frames; one broken packet is passed over, as players do."""
    try:
        return list(packet.decode())
    except EndOfFile:
        return []
    except InvalidDataError:
        return []
    except FFmpegError as error:
        raise ProcessingFailed from error
