"""Open a film or a sound with the one demuxer that its bytes call for, and say what is in it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError
from av.stream import Disposition

from media_assets.av.limits import (
    EFFORT_SECONDS,
    MAX_FRAME_RATE,
    MAX_PIXELS,
    MAX_SECONDS,
    MAX_STREAMS,
    beyond,
    check_picture,
)
from media_assets.av.sniff import Kind
from media_assets.exceptions import NotAVideo, ProcessingFailed

OPTIONS = {
    # A playlist is text that names other files and hosts: neither its demuxers nor its protocols are let in.
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,matroska,webm,avi,mp3,wav,flac,ogg,aac",
    "max_pixels": str(MAX_PIXELS),
}


@contextmanager
def opened(path: Path, kind: Kind) -> Iterator[Any]:
    """The open container. What cannot be opened is no video; what opens and cannot be read is a broken one."""
    try:
        container = av.open(f"file:{path.resolve()}", format=kind.demuxer, options=OPTIONS)
    except (FFmpegError, ValueError) as error:
        raise NotAVideo if kind.video else ProcessingFailed from error
    with container:
        if len(container.streams) > MAX_STREAMS:
            raise beyond(f"{len(container.streams)} streams are more than {MAX_STREAMS}")
        try:
            yield container
        except (FFmpegError, ValueError, OverflowError) as error:
            raise ProcessingFailed from error


def film_of(container: Any) -> Any:
    """The video stream; a record's cover is not one."""
    return next((one for one in container.streams.video if not one.disposition & Disposition.attached_pic), None)


def sound_of(container: Any) -> Any:
    """The audio stream."""
    return next(iter(container.streams.audio), None)


def facts_of(path: Path, kind: Kind, container: Any) -> dict[str, Any]:
    """Everything that is known before a frame is decoded; refuses what is beyond the limits."""
    film, sound = film_of(container), sound_of(container)
    if film is None and sound is None:
        raise NotAVideo if kind.video else ProcessingFailed
    stream = film if film is not None else sound
    if not stream.codec_context:
        raise ProcessingFailed
    duration, rate = length_of(container, stream), rate_of(stream)
    if duration is None or (film is not None and (rate is None or rate > MAX_FRAME_RATE + 0.5)):
        # Headers of recorders may lack the length, or hold a clock's speed as the frame rate: look at the packets.
        seen_duration, seen_rate = measure(container, stream)
        duration = duration or seen_duration
        rate = seen_rate
    if not duration or duration <= 0:
        raise NotAVideo if kind.video else ProcessingFailed
    if duration > MAX_SECONDS:
        raise beyond(f"it is {duration / 3600:.1f} hours long, more than {MAX_SECONDS // 3600}")
    size = path.stat().st_size
    facts = {
        "duration": round(duration, 6),
        "codec": stream.codec_context.codec.canonical_name,
        "bitrate": container.bit_rate or round(size * 8 / duration),
        "format": kind.format,
        "has_audio": sound is not None,
    }
    if film is not None:
        width, height = film.codec_context.width, film.codec_context.height
        check_picture(width, height)
        if rate is None or rate > MAX_FRAME_RATE + 0.5:
            raise beyond(f"{rate or 0:.0f} frames a second are more than {MAX_FRAME_RATE}")
        facts |= {"width": width, "height": height, "frame_rate": round(float(rate), 3)}
    if sound is not None:
        facts |= {
            "audio_codec": sound.codec_context.codec.canonical_name,
            "sample_rate": sound.codec_context.sample_rate,
            "channels": sound.codec_context.channels,
        }
    return facts


def pixel_aspect_of(film: Any) -> float:
    """Width of a pixel by its height; what cannot be meant is 1."""
    aspect = film.sample_aspect_ratio or film.codec_context.sample_aspect_ratio
    return float(aspect) if aspect and 0.2 < aspect < 5 else 1.0


def length_of(container: Any, stream: Any) -> float | None:
    """Seconds by the stream's header, else by the container's."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def rate_of(stream: Any) -> float | None:
    """Frames a second by the header."""
    rate = getattr(stream, "average_rate", None) or getattr(stream, "guessed_rate", None)
    return float(rate) if rate else None


def measure(container: Any, stream: Any) -> tuple[float, float | None]:
    """Length and frame rate by the packets themselves."""
    first = last = None
    count, until = 0, time.monotonic() + EFFORT_SECONDS
    end = Fraction(0)
    for packet in container.demux(stream):
        if packet.pts is None:
            continue
        first = packet.pts if first is None else min(first, packet.pts)
        last = packet.pts if last is None else max(last, packet.pts)
        end = max(end, (packet.pts + (packet.duration or 0)) * stream.time_base)
        count += 1
        if time.monotonic() > until:
            break
    container.seek(0)
    if first is None or last is None or last == first:
        return float(end), None
    return float(end - first * stream.time_base), (count - 1) / float((last - first) * stream.time_base)
