"""Segments and sound tracks as the engine makes them, small: frames that say their number, tones."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from rendering.engine.audio import encode, samples_of
from rendering.engine.join import Piece, join
from rendering.engine.source import silence
from rendering.engine.timeline import Clip, Sound, Timeline
from tests.footage import canvas

SIZE = (320, 180)


def ignore(_event: dict[str, Any]) -> None:
    """A report that nobody reads."""


def segment(path: Path, first: int, frames: int, fps: int = 30, size: tuple[int, int] = SIZE, crf: int = 20) -> Piece:
    """A segment whose frames say `first`, `first` + 1 …"""
    with av.open(str(path), "w", format="mp4") as container:
        video: Any = container.add_stream("libx264", rate=fps)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        codec = video.codec_context
        codec.time_base = Fraction(1, fps)
        codec.color_primaries = codec.color_trc = codec.colorspace = codec.color_range = 1
        codec.options = {"preset": "veryfast", "profile": "high", "crf": str(crf)}
        for number in range(frames):
            frame = av.VideoFrame.from_image(canvas(first + number, size)).reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return Piece(path, frames)


def segments(folder: Path, lengths: Sequence[int], fps: int = 30) -> list[Piece]:
    """Segments of these lengths that count on from one to the next."""
    return [
        segment(folder / f"segment-{index}.mp4", sum(lengths[:index]), frames, fps)
        for index, frames in enumerate(lengths)
    ]


def timeline(frames: int, fps: int = 30, sounds: Sequence[Sound] = (), loudness_lufs: float = -14.0) -> Timeline:
    """A film of one empty clip."""
    return Timeline(*SIZE, fps, (Clip(frames, ()),), tuple(sounds), loudness_lufs)


def quiet(path: Path, frames: int, fps: int = 30) -> Path:
    """A silent sound track of a film's length."""
    total = samples_of(timeline(frames, fps))
    encode(silence(total), path, total)
    return path


def film(folder: Path, lengths: Sequence[int] = (30, 15), fps: int = 30, sound_frames: int | None = None) -> Path:
    """A whole film, joined as the engine does it."""
    frames = sum(lengths)
    sound = quiet(folder / "sound.m4a", frames if sound_frames is None else sound_frames, fps)
    join(segments(folder, lengths, fps), sound, folder / "film.mp4", fps, ignore)
    return folder / "film.mp4"
