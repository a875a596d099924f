"""What is made of a finished film: WebM, GIF, a film that fits, a poster, clips; each decoded again to see."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from rendering.engine import cut, gif, poster, size_limit, webm
from rendering.engine.check import Plan, check
from rendering.engine.errors import CheckFailed, ProcessingFailed, SizeLimitTooSmall
from rendering.engine.source import decoded
from tests.engine.pieces import SIZE, film, ignore
from tests.footage import number_of, numbers_of

LENGTHS = (30, 7, 40, 23)
PLAN = {"frames": sum(LENGTHS), "fps": 30, "width": SIZE[0], "height": SIZE[1]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of four segments whose frames say 0 to 99."""
    return film(tmp_path_factory.mktemp("whole"), LENGTHS)


def asked(whole: Path, output: Path, **more: Any) -> dict[str, Any]:
    return {"path": str(whole), "plan": PLAN, "most_bytes": 0, "output": str(output), **more}


def test_a_webm_has_every_frame_at_its_time(whole: Path, tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    found = webm.handle(asked(whole, tmp_path / "film.webm"), told.append)
    assert (found["frames"], found["width"], found["height"]) == (100, *SIZE)
    assert found["size"] == (tmp_path / "film.webm").stat().st_size
    assert numbers_of(tmp_path / "film.webm") == list(range(100))
    assert told[-1] == {"event": "progress", "done": 100, "total": 100}
    with av.open(str(tmp_path / "film.webm")) as made:
        assert [stream.codec_context.name for stream in made.streams] == ["vp9", "opus"] or made.streams.audio
        assert made.format.name == "matroska,webm"
        assert made.streams.video[0].codec_context.colorspace == 1
    assert [path.name for path in tmp_path.iterdir()] == ["film.webm"]


def test_a_webm_that_lacks_frames_is_refused(whole: Path, tmp_path: Path) -> None:
    webm.handle(asked(whole, tmp_path / "film.webm"), ignore)
    with pytest.raises(CheckFailed, match="has 100 frames, planned were 99"):
        webm.check(tmp_path / "film.webm", PLAN | {"frames": 99})
    with pytest.raises(CheckFailed, match="not as planned"):
        webm.check(tmp_path / "film.webm", PLAN | {"width": 640})


def test_a_webm_fits_into_a_limit(whole: Path, tmp_path: Path) -> None:
    free = webm.handle(asked(whole, tmp_path / "free.webm"), ignore)["size"]
    found = webm.handle(asked(whole, tmp_path / "film.webm", most_bytes=free * 2 // 3), ignore)
    assert found["size"] <= free * 2 // 3


def test_a_preview_shows_ten_frames_a_second_of_its_film(whole: Path, tmp_path: Path) -> None:
    found = gif.handle(asked(whole, tmp_path / "preview.gif"), ignore)
    assert (found["frames"], found["width"], found["height"]) == (33, *SIZE)
    assert found["duration"] == pytest.approx(100 / 30, abs=0.05)
    with Image.open(tmp_path / "preview.gif") as picture:
        assert picture.n_frames == 33  # type: ignore[attr-defined]
        assert picture.info["loop"] == 0, "it plays again and again"
        picture.seek(10)
        assert number_of(picture.convert("RGB")) == 30


@pytest.mark.parametrize(
    ("frames", "fps", "count", "second"),
    [(540, 30, 180, 3), (36, 12, 30, 1), (24, 8, 24, 1), (1, 30, 1, None), (100 * 30, 30, 600, 3)],
)
def test_a_preview_picks_frames_evenly(frames: int, fps: int, count: int, second: int | None) -> None:
    numbers = gif.picked(frames, fps)
    assert len(numbers) == count
    assert len(set(numbers)) == count
    assert second is None or numbers[1] == second


def test_a_preview_is_at_most_480_wide() -> None:
    assert gif.measures(1920, 1080, 1.0) == (480, 270)
    assert gif.measures(1080, 1920, 1.0) == (480, 854)
    assert gif.measures(64, 64, 1.0) == (64, 64)


def test_a_preview_shrinks_to_fit(whole: Path, tmp_path: Path) -> None:
    most = gif.handle(asked(whole, tmp_path / "free.gif"), ignore)["size"] * 2 // 3
    found = gif.handle(asked(whole, tmp_path / "preview.gif", most_bytes=most), ignore)
    assert found["size"] <= most
    assert found["width"] < 320
    with pytest.raises(SizeLimitTooSmall, match=r"does not fit into 0\.0005 MB"):
        gif.handle(asked(whole, tmp_path / "tiny.gif", most_bytes=500), ignore)
    assert [path.name for path in tmp_path.iterdir() if "tiny" in path.name] == []


def fitted(whole: Path, output: Path, most: int) -> dict[str, Any]:
    return size_limit.handle(asked(whole, output, most_bytes=most, cuts=[30, 37, 77], preset="veryfast"), ignore)


@pytest.mark.parametrize("share", [0.75, 0.4])
def test_a_film_fills_its_limit_and_stays_below(share: float, whole: Path, tmp_path: Path) -> None:
    most = int(whole.stat().st_size * share)
    assert fitted(whole, tmp_path / "film.mp4", most)["again"]
    size = (tmp_path / "film.mp4").stat().st_size
    assert 0.85 * most <= size <= most
    plan = Plan(**PLAN, duration=100 / 30)
    assert check(tmp_path / "film.mp4", plan, ignore)["frames"] == 100
    assert numbers_of(tmp_path / "film.mp4") == list(range(100))
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"], "no log of the passes is left"
    with av.open(str(tmp_path / "film.mp4")) as made:
        keys = {
            int(packet.pts * packet.time_base * 30)
            for packet in made.demux(video=0)
            if packet.size and packet.is_keyframe
        }
    assert keys >= {0, 30, 37, 77}, "clips can still be cut out of it"


def test_a_film_that_fits_is_kept_as_it_is(whole: Path, tmp_path: Path) -> None:
    kept = fitted(whole, tmp_path / "film.mp4", whole.stat().st_size)
    assert kept == {"path": str(whole), "again": False}
    assert not (tmp_path / "film.mp4").exists()


def test_a_limit_that_no_film_fits_into_is_told(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(SizeLimitTooSmall, match=r"does not fit into 0\.003 MB"):
        fitted(whole, tmp_path / "film.mp4", 3000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("first", "frames"), [(0, 30), (30, 7), (30, 47), (77, 23)])
def test_a_clip_is_cut_out_to_the_frame(first: int, frames: int, whole: Path, tmp_path: Path) -> None:
    request = {"path": str(whole), "first": first, "frames": frames, "fps": 30, "output": str(tmp_path / "clip.mp4")}
    made = cut.handle(request, ignore)
    assert numbers_of(tmp_path / "clip.mp4") == list(range(first, first + frames))
    checked = check(tmp_path / "clip.mp4", Plan(frames, 30, *SIZE, frames / 30), ignore)
    assert (made["sha256"], made["size"]) == (checked["sha256"], checked["size"])


def test_a_clip_begins_with_a_key_frame_only(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(ProcessingFailed, match="frame 31 of the film is no key frame"):
        cut.cut(whole, tmp_path / "clip.mp4", 31, 5, 30)


def test_a_poster_is_a_frame_of_the_film_at_full_size(whole: Path, tmp_path: Path) -> None:
    request = {"path": str(whole), "frames": 100, "fps": 30, "output": str(tmp_path / "poster.jpg")}
    made = poster.handle(request, ignore)
    assert (made["width"], made["height"]) == SIZE
    with Image.open(tmp_path / "poster.jpg") as picture:
        shown, said = np.asarray(picture.convert("RGB"), int), number_of(picture)
    with av.open(str(whole)) as made_film:
        frame = next(each for number, each in enumerate(made_film.decode(video=0)) if number == said)
    assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - shown).mean() < 4


def test_a_clips_sound_is_the_films_to_the_sample(tmp_path: Path) -> None:
    from hashlib import sha256

    from rendering.engine import audio
    from rendering.engine.join import join
    from rendering.engine.timeline import Sound
    from tests.engine.pieces import segments, timeline
    from tests.footage import tone

    song = tone(tmp_path / "song.wav", 4.0)
    name = sha256(song.read_bytes()).hexdigest()
    audio.make(timeline(100, 30, [Sound(name, "music")]), {name: song}, tmp_path / "sound.m4a", ignore)
    join(segments(tmp_path, LENGTHS), tmp_path / "sound.m4a", tmp_path / "film.mp4", 30, ignore)
    cut.cut(tmp_path / "film.mp4", tmp_path / "clip.mp4", 30, 47, 30)
    of_film, of_clip = (
        np.concatenate(list(decoded(tmp_path / path, path, 0.0, False)), axis=1) for path in ("film.mp4", "clip.mp4")
    )
    first, length = int(Fraction(30, 30) * 48_000), int(Fraction(47, 30) * 48_000)
    assert np.array_equal(of_film[:, first : first + length], of_clip[:, :length])
