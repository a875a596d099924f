"""A film of segments against the same film in one piece, and its sound against its pictures, to the last minute."""

from collections.abc import Mapping
from dataclasses import asdict
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from rendering.engine import audio, compositor, encode
from rendering.engine.join import Piece, join
from rendering.engine.mix import mix
from rendering.engine.segments import Encoding, SegmentSpec, split
from rendering.engine.source import RATE, decoded
from rendering.engine.timeline import Clip, ImageLayer, ShapeLayer, Sound, Timeline, Transition, VideoLayer
from tests.engine.pieces import ignore
from tests.footage import film, numbers_of, picture, tone

FPS = 30
SIZE = (320, 180)


def stored(path: Path) -> tuple[str, Path]:
    return sha256(path.read_bytes()).hexdigest(), path


def request(spec: dict[str, Any], files: Mapping[str, Path], output: Path) -> dict[str, Any]:
    return {"spec": spec, "assets": {name: str(path) for name, path in files.items()}, "output": str(output)}


def in_segments(timeline: Timeline, files: Mapping[str, Path], folder: Path) -> Path:
    """The film as it is always made."""
    audio.make(timeline, files, folder / "sound.m4a", ignore)
    return joined(timeline, files, folder)


def joined(timeline: Timeline, files: Mapping[str, Path], folder: Path) -> Path:
    """Segments with the sound that is there."""
    pieces = []
    for spec in split(timeline):
        output = folder / f"{spec.index}.mp4"
        compositor.segment(request(spec.spec, files, output), ignore)
        pieces.append(Piece(output, spec.frames))
    join(pieces, folder / "sound.m4a", folder / "joined.mp4", timeline.fps, ignore)
    return folder / "joined.mp4"


def in_one_piece(timeline: Timeline, files: Mapping[str, Path], folder: Path) -> Path:
    """All frames through one encoder."""
    specs = split(timeline)
    pictures = [compositor.Picture(request(spec.spec, files, folder)) for spec in specs]
    places = [(spec, number) for spec in specs for number in range(spec.frames)]

    def draw(number: int, canvas: Any) -> None:
        spec, own = places[number]
        pictures[spec.index].draw(own, canvas)

    whole = {"width": timeline.width, "height": timeline.height, "fps": timeline.fps, "frames": timeline.frames}
    encode.film(folder / "whole.mp4", whole | {"encoding": asdict(Encoding())}, draw, ignore)
    for each in pictures:
        each.close()
    return folder / "whole.mp4"


def lumas(path: Path) -> list[npt.NDArray[np.float64]]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]


def around_joints(specs: list[SegmentSpec]) -> list[int]:
    """The last two frames of each segment and the first two of the next."""
    return [spec.first + step for spec in specs[1:] for step in (-2, -1, 0, 1)]


@pytest.mark.parametrize("kind", ["cut", "crossfade", "fade_black", "wipe_left", "slide_left"])
def test_no_seam_is_seen_where_segments_meet(kind: Any, tmp_path: Path) -> None:
    files = dict(stored(picture(tmp_path / f"{seed}.png", (640, 360), number=seed, seed=seed)) for seed in (3, 8))
    first, second = files
    way = Transition(kind, 0 if kind == "cut" else 9)
    timeline = Timeline(
        *SIZE,
        FPS,
        (
            Clip(30, (ImageLayer(asset=first, motion="zoom_in"),)),
            Clip(30, (ImageLayer(asset=second, motion="pan_left"),), transition=way),
        ),
    )
    made, whole = lumas(in_segments(timeline, files, tmp_path)), lumas(in_one_piece(timeline, files, tmp_path))
    assert len(made) == len(whole) == timeline.frames
    for number in around_joints(split(timeline)):
        error = np.mean((made[number] - whole[number]) ** 2)
        assert 10 * np.log10(255**2 / max(error, 1e-9)) >= 40, f"frame {number}"


def test_no_frame_is_missing_or_double_where_segments_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Footage that counts its frames, in bodies of a second: each joint is in the middle of a scene."""
    monkeypatch.setattr("rendering.engine.segments.LONGEST_SECONDS", 1)
    files = dict([stored(film(tmp_path / "count.mp4", 4, FPS, SIZE))])
    (name,) = files
    timeline = Timeline(*SIZE, FPS, (Clip(110, (VideoLayer(asset=name),)),))
    assert len(split(timeline)) == 4
    assert numbers_of(in_segments(timeline, files, tmp_path)) == list(range(110))


MINUTES = 10
SLOW = 10


def test_sound_and_pictures_agree_to_a_frame_after_ten_minutes(tmp_path: Path) -> None:
    """Every minute the picture turns white for half a second, and a tone sounds; both are found again at one time."""
    name, path = stored(tone(tmp_path / "tone.wav", 0.5, level_db=-10))
    frames = MINUTES * 60 * SLOW
    flashes = [60 * SLOW * minute - SLOW for minute in range(1, MINUTES + 1)]
    white = tuple(
        ShapeLayer(box=(0, 0, 64, 64), color="#ffffff", first=flash, until=flash + SLOW // 2) for flash in flashes
    )
    sounds = tuple(Sound(name, "voice", at=flash / SLOW, duration=0.5) for flash in flashes)
    timeline = Timeline(64, 64, SLOW, (Clip(frames, white),), sounds)
    # Mixed but not measured, which takes long and moves nothing: test_audio says so of the limiter.
    total = audio.samples_of(timeline)
    audio.encode(mix(timeline.audio, {name: path}, total), tmp_path / "sound.m4a", total)
    made = joined(timeline, {}, tmp_path)
    with av.open(str(made)) as container:
        bright = [
            frame.pts * frame.time_base
            for frame in container.decode(video=0)
            if frame.to_ndarray(format="gray").mean() > 128
        ]
    seen = [time for before, time in zip([Fraction(-9), *bright], bright, strict=False) if time - before > 1]
    heard, at, before = [], 0, True
    for block in decoded(made, "film", 0.0, False):
        for start in range(0, block.shape[1], 48):
            loud = bool(np.abs(block[:, start : start + 48]).max() > 0.05)
            if loud and not before and (not heard or (at + start) / RATE - heard[-1] > 1):
                heard.append((at + start) / RATE)
            before = loud
        at += block.shape[1]
    assert len(seen) == len(heard) == MINUTES
    for flash, light, sound in zip(flashes, seen, heard, strict=True):
        assert light == Fraction(flash, SLOW)
        assert abs(float(light) - sound) < 1 / 60, f"at {float(light)} s"
    assert timeline.frames == frames
