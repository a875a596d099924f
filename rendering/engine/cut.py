"""A scene out of a finished film, by stream copy: its segments begin with key frames, so nothing is encoded again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from rendering.engine.check import digest
from rendering.engine.errors import ProcessingFailed
from rendering.engine.finished import Report, draft_of, opened

RATE = 48_000
RUN_IN = 1024
"""Samples that an AAC decoder needs before those that are heard."""


def handle(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """The child's request `cut`: {path, first, frames, fps, output}; `first` is a key frame."""
    output = Path(request["output"])
    with draft_of(output) as draft:
        cut(Path(request["path"]), draft, request["first"], request["frames"], request["fps"])
    report({"event": "progress", "done": 1, "total": 1})
    return {"sha256": digest(output), "size": output.stat().st_size, "frames": request["frames"]}


def cut(source: Path, draft: Path, first: int, frames: int, fps: int) -> None:
    """Copy these frames, and the sound that is heard with them."""
    options = {"movflags": "+faststart", "movie_timescale": str(math.lcm(RATE, fps))}
    with opened(source) as film, opened(source) as heard, av.open(str(draft), "w", "mp4", options=options) as clip:
        video = clip.add_stream_from_template(film.streams.video[0])
        video.time_base = Fraction(1, fps)
        sound: Iterator[Any] = iter(())
        if heard.streams.audio:
            audio = clip.add_stream_from_template(heard.streams.audio[0])
            audio.time_base = Fraction(1, RATE)
            sound = sound_packets(heard, audio, Fraction(first, fps), Fraction(frames, fps))
        waiting = next(sound, None)
        for packet in pictures(film, first, frames, fps):
            while waiting is not None and waiting.dts * waiting.time_base <= packet.dts * packet.time_base:
                clip.mux_one(waiting)
                waiting = next(sound, None)
            packet.stream = video
            clip.mux_one(packet)
        while waiting is not None:
            clip.mux_one(waiting)
            waiting = next(sound, None)


def pictures(film: Any, first: int, frames: int, fps: int) -> Iterator[Any]:
    """The packets of these frames, their times counted from the first one."""
    stream = film.streams.video[0]
    delay = stream.codec_context.reorder_depth
    film.seek(round(Fraction(first, fps) / stream.time_base), stream=stream)
    count = 0
    for packet in film.demux(stream):
        if not packet.size:
            continue
        place = packet.pts * packet.time_base * fps
        own = int(place) - first
        if count == 0 and own < 0:
            continue  # the key frame that the seek found lies before
        if place.denominator != 1 or (count == 0 and not (packet.is_keyframe and own == 0)):
            raise ProcessingFailed(f"Processing failed: frame {first} of the film is no key frame.")
        if 0 <= own < frames:
            packet.time_base = Fraction(1, fps)
            packet.pts, packet.dts, packet.duration = own, count - delay, 1
            count += 1
            yield packet
        if count == frames:
            return
    if count != frames:
        raise ProcessingFailed(f"Processing failed: the film gave {count} frames, wanted were {frames}.")


def sound_packets(film: Any, audio: Any, start: Fraction, length: Fraction) -> Iterator[Any]:
    """The packets of this stretch, with one before it that the player decodes and does not play."""
    stream = film.streams.audio[0]
    offset, end = round(start * RATE), round(length * RATE)
    if offset > 4 * RUN_IN:
        film.seek(round((start - Fraction(4 * RUN_IN, RATE)) / stream.time_base), stream=stream)
    for packet in film.demux(stream):
        if not packet.size:
            continue
        at = round(packet.pts * packet.time_base * RATE) - offset
        lasts = round(packet.duration * packet.time_base * RATE)
        if at + lasts <= -RUN_IN:
            continue
        if at >= end:
            return
        packet.time_base, packet.stream = Fraction(1, RATE), audio
        packet.pts = packet.dts = at
        packet.duration = min(lasts, end - at)
        yield packet
