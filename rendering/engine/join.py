"""Many segments and one sound track become one film, without encoding anything again."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from rendering.engine.errors import ProcessingFailed

READ = {"protocol_whitelist": "file,pipe", "format_whitelist": "mov,mp4"}
UNSEEN = {"fpsprobesize": "0", "skip_frame": "all"}
"""Opens a file without decoding a frame of it, which at 1080p takes 35 ms; its packets are the same."""
SOUND_RATE = 48_000
EVERY = 300
"""Frames between two reports."""
Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Piece:
    """A segment's file and how many frames it must bring."""

    path: Path
    frames: int


def handle(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """The child's request `join`: {segments: [{path, frames}], sound, fps, output}."""
    pieces = [Piece(Path(segment["path"]), segment["frames"]) for segment in request["segments"]]
    sound = Path(request["sound"]) if request.get("sound") else None
    output = Path(request["output"])
    frames = join(pieces, sound, output, request["fps"], report)
    return {"path": str(output), "size": output.stat().st_size, "frames": frames}


def join(pieces: list[Piece], sound: Path | None, output: Path, fps: int, report: Report) -> int:
    """Write the film under a temporary name, then rename it; the number of frames in it."""
    if not pieces:
        raise ProcessingFailed("Processing failed: there are no segments to join.")
    draft = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        frames = write(pieces, sound, draft, fps, report)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)
    return frames


def write(pieces: list[Piece], sound: Path | None, draft: Path, fps: int, report: Report) -> int:
    """Copy the packets of all pieces, and of the sound beside them, into one file."""
    # The movie clock counts whole frames and whole samples: edit lists in milliseconds would be off by a little.
    options = {"movflags": "+faststart", "movie_timescale": str(math.lcm(SOUND_RATE, fps))}
    total = sum(piece.frames for piece in pieces)
    with (
        open_piece(pieces[0].path, seen=True) as first,
        av.open(str(draft), "w", format="mp4", options=options) as film,
    ):
        video = film.add_stream_from_template(first.streams.video[0])
        video.time_base = Fraction(1, fps)
        wanted = parameters(first)
        # Decoders hold back this many frames; every segment has the same, since the parameters are equal.
        delay = first.streams.video[0].codec_context.reorder_depth
        if sound is None:
            feed = iter(())
        else:
            source = film_sound(sound)
            audio = film.add_stream_from_template(source.streams.audio[0])
            audio.time_base = Fraction(1, SOUND_RATE)
            feed = sound_packets(source, audio)
        waiting = next(feed, None)
        for done, packet in enumerate(video_packets(pieces, wanted, delay, fps), start=1):
            # Both tracks go in together, so that the muxer never has to hold one of them back.
            while waiting is not None and waiting.dts * waiting.time_base <= packet.dts * packet.time_base:
                film.mux_one(waiting)
                waiting = next(feed, None)
            packet.stream = video
            film.mux_one(packet)
            if done % EVERY == 0 or done == total:
                report({"event": "progress", "done": done, "total": total})
        while waiting is not None:
            film.mux_one(waiting)
            waiting = next(feed, None)
    return total


def video_packets(pieces: list[Piece], wanted: dict[str, Any], delay: int, fps: int) -> Iterator[Any]:
    """All packets with our own stamps: pts = own + start of the piece, dts = place in the film − delay."""
    start = 0
    for number, piece in enumerate(pieces, start=1):
        with open_piece(piece.path) as source:
            compare(number, wanted, parameters(source))
            stream = source.streams.video[0]
            shown = bytearray(piece.frames)
            count = 0
            for packet in source.demux(stream):
                if not packet.size:
                    continue
                own = frame_number(packet, fps)
                if count == 0 and not (packet.is_keyframe and own == 0):
                    raise ProcessingFailed(f"Processing failed: segment {number} does not begin with a key frame.")
                if own is None or not 0 <= own < piece.frames or shown[own] or own < count - delay:
                    raise ProcessingFailed(
                        f"Processing failed: frame {count + 1} of segment {number} has a time that is not its own."
                    )
                shown[own] = 1
                packet.time_base = Fraction(1, fps)
                packet.pts, packet.dts, packet.duration = start + own, start + count - delay, 1
                count += 1
                yield packet
            if count != piece.frames:
                raise ProcessingFailed(
                    f"Processing failed: segment {number} has {count} frames, planned were {piece.frames}."
                )
        start += piece.frames


def frame_number(packet: Any, fps: int) -> int | None:
    """Which frame of its segment a packet holds; None when its time is not that of a whole frame."""
    if packet.pts is None:
        return None
    place = packet.pts * packet.time_base * fps
    return int(place) if place.denominator == 1 else None


def film_sound(path: Path) -> Any:
    """The sound track's file, opened."""
    try:
        source = av.open(str(path), options=READ)
    except (av.FFmpegError, OSError) as error:
        raise ProcessingFailed("Processing failed: the sound track cannot be read.") from error
    if not source.streams.audio or source.streams.audio[0].codec_context.name != "aac":
        source.close()
        raise ProcessingFailed("Processing failed: the sound track is not AAC.")
    return source


def sound_packets(source: Any, audio: Any) -> Iterator[Any]:
    """The sound's packets as they are: the negative first stamp is the encoder's run-in, which the edit list skips."""
    with source:
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = audio
                yield packet


def open_piece(path: Path, *, seen: bool = False) -> Any:
    """A segment's file, opened; it holds exactly one H.264 track. How it reorders frames is known of a `seen` one."""
    try:
        source = av.open(str(path), options=READ if seen else READ | UNSEEN)
    except (av.FFmpegError, OSError) as error:
        raise ProcessingFailed(f"Processing failed: segment {path.name} cannot be read.") from error
    if len(source.streams.video) != 1 or source.streams.video[0].codec_context.name != "h264":
        source.close()
        raise ProcessingFailed(f"Processing failed: segment {path.name} is not one H.264 track.")
    return source


def parameters(source: Any) -> dict[str, Any]:
    """What must be equal in all segments, since the film has one header for all of them."""
    codec = source.streams.video[0].codec_context
    return {
        "size": (codec.width, codec.height),
        "profile": codec.profile,
        "colours": (codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range),
        "encoder header": codec.extradata,
    }


def compare(number: int, wanted: dict[str, Any], found: dict[str, Any]) -> None:
    """Refuse a segment whose header is not the first one's, and name what differs."""
    different = [name for name, value in wanted.items() if found[name] != value]
    if different:
        raise ProcessingFailed(
            f"Processing failed: segment {number} differs from segment 1 in its {' and '.join(different)}."
        )
