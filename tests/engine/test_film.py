"""Segments, sound, join and check through the render child: a timeline becomes a checked film."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from rendering.engine import launch
from rendering.engine.segments import split
from rendering.engine.timeline import Clip, ImageLayer, Sound, Timeline, Transition
from tests.footage import numbers_of, picture, tone
from videoserver.work.sandbox import Child, ChildFailed


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child(launch.MODULE)
    yield child
    child.close()


def stored(path: Path) -> tuple[str, Path]:
    return sha256(path.read_bytes()).hexdigest(), path


def test_a_timeline_becomes_a_checked_film(tmp_path: Path, child: Child) -> None:
    assets = dict(stored(picture(tmp_path / f"{number}.png", number=number, seed=number)) for number in (5, 9))
    first, second = assets
    song, path = stored(tone(tmp_path / "song.mp3", 0.5))
    film = Timeline(
        320,
        180,
        30,
        (
            Clip(20, (ImageLayer(asset=first),)),
            Clip(25, (ImageLayer(asset=second),), transition=Transition("crossfade", 8)),
        ),
        (Sound(song, "music", loop=True, fade_out=0.2),),
    )
    specs = split(film)
    made = [(spec, launch.segment(spec, assets, tmp_path / f"{spec.index}.mp4", child=child).path) for spec in specs]
    ticks: list[str] = []
    sound = launch.sound(
        film,
        assets | {song: path},
        tmp_path / "sound.m4a",
        child=child,
        on_event=lambda event: ticks.append(event["event"]),
    )
    assert sound.loudness_lufs == pytest.approx(-14, abs=0.5)
    assert "progress" in ticks
    output = tmp_path / "film.mp4"
    assert launch.join(film, made, sound.path, output, child=child)["frames"] == 37
    report = launch.check(output, film, child=child)
    assert (report["frames"], report["width"], report["height"]) == (37, 320, 180)
    assert report["sha256"] == sha256(output.read_bytes()).hexdigest()
    shown = numbers_of(output)
    assert set(shown[:12]) == {5}
    assert set(shown[20:]) == {9}
    with pytest.raises(ChildFailed) as caught:
        launch.check(output, replace(film, video=(*film.video, Clip(3, ()))), child=child)
    assert (caught.value.code, caught.value.permanent) == ("quality_check_failed", False)
    assert caught.value.detail == "The film has 37 frames, planned were 40."


def test_a_sound_that_is_gone_fails_for_good_and_the_child_lives_on(tmp_path: Path, child: Child) -> None:
    film = Timeline(320, 180, 30, (Clip(10, ()),), (Sound("a" * 64, "music"),))
    with pytest.raises(ChildFailed) as caught:
        launch.sound(film, {}, tmp_path / "sound.m4a", child=child)
    assert (caught.value.code, caught.value.permanent) == ("media_processing_failed", True)
    assert "a" * 64 in caught.value.detail
    silent = launch.sound(replace(film, audio=()), {}, tmp_path / "sound.m4a", child=child)
    assert silent.loudness_lufs is None
    assert silent.duration == pytest.approx(10 / 30)
