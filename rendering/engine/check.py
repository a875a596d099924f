"""The gate before `completed`: is this file the planned film, whole and playable?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from rendering.engine import boxes
from rendering.engine.errors import CheckFailed, FileEmpty, FileTooSmall, NotAVideo, OutputMissing

SMALLEST = 1024
READ = {"protocol_whitelist": "file,pipe", "format_whitelist": "mov,mp4"}
BT709 = 1
LIMITED = 1
Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Plan:
    """What the film must be; `duration` is in seconds."""

    frames: int
    fps: int
    width: int
    height: int
    duration: float
    audio: bool = True


@dataclass(frozen=True)
class Track:
    """What its packets say: how many there are, and when the first begins and the last one ends, in seconds."""

    packets: int
    start: Fraction
    end: Fraction


def handle(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """The child's request `check`: {path, plan: {frames, fps, width, height, duration, audio}}."""
    return check(Path(request["path"]), Plan(**request["plan"]), report)


def check(path: Path, plan: Plan, report: Report) -> dict[str, Any]:
    """Facts about a good file; a CheckFailed that says what is wrong and where about any other."""
    look_at_file(path)
    try:
        with av.open(str(path), options=READ) as film:
            look_at_streams(film, plan)
            strict_decoder(film.streams.video[0])
            video = look_at_frames(film, plan)
            sound = look_at_sound(film, plan) if plan.audio else None
            report({"event": "progress", "done": 1, "total": 3})
            for place in sorted({0, plan.frames // 2, plan.frames - 1}):
                decode(film, place, plan)
        report({"event": "progress", "done": 2, "total": 3})
    except (av.FFmpegError, OSError, IndexError) as error:
        raise NotAVideo from error
    return {
        "frames": video.packets,
        "duration": float(video.end - video.start),
        "audio_duration": float(sound.end) if sound else None,
        "width": plan.width,
        "height": plan.height,
        "fps": plan.fps,
        "video_codec": "h264",
        "audio_codec": "aac" if sound else None,
        "size": path.stat().st_size,
        "sha256": digest(path),
    }


def look_at_file(path: Path) -> None:
    """The cheap questions first: is it there, is it long enough, is it a whole MP4?"""
    if not path.is_file():
        raise OutputMissing
    size = path.stat().st_size
    if size == 0:
        raise FileEmpty
    if size < SMALLEST:
        raise FileTooSmall
    try:
        found = boxes.whole(path)
    except boxes.BrokenBoxes as error:
        raise NotAVideo from error
    if not boxes.starts_fast(found):
        raise CheckFailed("The film's index stands behind its pictures: it cannot begin before it is loaded whole.")


def look_at_streams(film: Any, plan: Plan) -> None:
    """Codecs, size, rate and colours are as planned."""
    if len(film.streams.video) != 1:
        raise CheckFailed(f"The film has {len(film.streams.video)} video tracks, planned was 1.")
    stream = film.streams.video[0]
    codec = stream.codec_context
    expect("video codec", codec.name, "h264")
    expect("H.264 profile", codec.profile, "High")
    expect("pixel format", codec.pix_fmt, "yuv420p")
    expect("size", f"{codec.width}×{codec.height}", f"{plan.width}×{plan.height}")
    expect("frame rate", str(stream.average_rate), str(plan.fps))
    for name in ("color_primaries", "color_trc", "colorspace"):
        expect(f"colour tag {name}", getattr(codec, name), BT709)
    expect("colour range", codec.color_range, LIMITED)
    tracks = len(film.streams.audio)
    if tracks != int(plan.audio):
        raise CheckFailed(f"The film has {tracks} sound tracks, planned was {int(plan.audio)}.")
    if plan.audio:
        sound = film.streams.audio[0].codec_context
        expect("sound codec", f"{sound.name} {sound.profile}", "aac LC")
        expect("sound format", f"{sound.sample_rate} Hz, {sound.layout.name}", "48000 Hz, stereo")


def strict_decoder(stream: Any) -> None:
    """All cores, and an error where a lenient player would paint over the damage."""
    stream.thread_type = "AUTO"
    stream.codec_context.options = {"err_detect": "crccheck+bitstream+buffer+explode"}


def expect(what: str, found: object, planned: object) -> None:
    """One property as planned, or the sentence that names it."""
    if found != planned:
        raise CheckFailed(f"The film's {what} is {found}, planned was {planned}.")


def look_at_frames(film: Any, plan: Plan) -> Track:
    """Every planned frame is there once, and at its time: packets are counted, not believed."""
    stream = film.streams.video[0]
    shown = bytearray(plan.frames)

    def times() -> Iterator[Any]:
        for packet in packets(film, stream):
            place = None if packet.pts is None else packet.pts * stream.time_base * plan.fps
            if place is not None and place.denominator == 1 and 0 <= place < plan.frames:
                shown[int(place)] += shown[int(place)] < 2
            yield packet

    track = measure(times())
    if track.packets != plan.frames:
        raise CheckFailed(f"The film has {track.packets} frames, planned were {plan.frames}.")
    for place, times_shown in enumerate(shown):
        if times_shown != 1:
            raise CheckFailed(f"No frame of the film is shown at its time, {place / plan.fps:.3f} s (frame {place}).")
    expect_duration("pictures last", track.end - track.start, plan)
    return track


def look_at_sound(film: Any, plan: Plan) -> Track:
    """The sound begins and ends with the pictures; its run-in before 0 is not heard."""
    track = measure(packets(film, film.streams.audio[0]))
    if not track.packets or track.start > Fraction(1, plan.fps):
        raise CheckFailed(f"The film's sound begins at {float(track.start):.3f} s, planned was 0 s.")
    expect_duration("sound lasts", track.end, plan)
    return track


def expect_duration(what: str, seconds: Fraction, plan: Plan) -> None:
    """Within one frame of the plan."""
    if abs(seconds - Fraction(plan.duration)) > Fraction(1, plan.fps):
        raise CheckFailed(f"The film's {what} {float(seconds):.3f} s, planned were {plan.duration:.3f} s.")


def packets(film: Any, stream: Any) -> Iterator[Any]:
    """All packets of a track from its beginning, not decoded."""
    film.seek(0)
    return (packet for packet in film.demux(stream) if packet.size)


def measure(track: Iterator[Any]) -> Track:
    """Count a track's packets and find its ends."""
    count, start, end = 0, None, Fraction(0)
    for packet in track:
        if packet.is_corrupt or packet.pts is None:
            raise CheckFailed(f"Packet {count + 1} of the film is damaged.")
        count += 1
        began = packet.pts * packet.time_base
        start = began if start is None else min(start, began)
        end = max(end, began + (packet.duration or 0) * packet.time_base)
    return Track(count, start or Fraction(0), end)


def decode(film: Any, place: int, plan: Plan) -> None:
    """One frame can be seen: everything from the key frame before it decodes without an error."""
    stream = film.streams.video[0]
    film.seek(round(Fraction(place, plan.fps) / stream.time_base), stream=stream, backward=True)
    try:
        for frame in film.decode(stream):
            if frame.pts is not None and frame.pts * stream.time_base * plan.fps >= place:
                if frame.is_corrupt or frame.pts * stream.time_base * plan.fps != place:
                    break
                if (frame.width, frame.height) == (plan.width, plan.height):
                    return
                break
    except av.FFmpegError as error:
        raise CheckFailed(f"Frame {place} of the film does not decode.") from error
    raise CheckFailed(f"Frame {place} of the film does not decode.")


def digest(path: Path) -> str:
    """SHA-256 of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
