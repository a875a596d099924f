"""The gate: a good film passes with its facts, and each bad one is refused with a code and a sentence."""

import hashlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from rendering.engine.check import Plan, check, handle
from rendering.engine.errors import CheckFailed, FileEmpty, FileTooSmall, NotAVideo, OutputMissing
from rendering.engine.join import Piece, join
from tests.engine.pieces import SIZE, film, ignore, quiet, segments
from tests.footage import canvas
from tests.footage import film as other_film

PLAN = Plan(frames=45, fps=30, width=SIZE[0], height=SIZE[1], duration=1.5)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("good"))


def planned(**change: Any) -> Plan:
    return Plan(**{**vars(PLAN), **change})


def refused(path: Path, plan: Plan = PLAN) -> str:
    with pytest.raises(CheckFailed) as caught:
        check(path, plan, ignore)
    assert type(caught.value) is CheckFailed
    assert caught.value.code == "quality_check_failed"
    assert not caught.value.permanent
    return caught.value.detail


def test_a_good_film_passes_with_its_facts(good: Path) -> None:
    assert check(good, PLAN, ignore) == {
        "frames": 45,
        "duration": 1.5,
        "audio_duration": 1.5,
        "width": 320,
        "height": 180,
        "fps": 30,
        "video_codec": "h264",
        "audio_codec": "aac",
        "size": good.stat().st_size,
        "sha256": hashlib.sha256(good.read_bytes()).hexdigest(),
    }


@pytest.mark.parametrize(("lengths", "fps"), [([1], 30), ([2], 24), ([40, 1, 3], 60)], ids=str)
def test_short_and_fast_films_pass_too(tmp_path: Path, lengths: list[int], fps: int) -> None:
    frames = sum(lengths)
    plan = planned(frames=frames, fps=fps, duration=frames / fps)
    assert check(film(tmp_path, lengths, fps), plan, ignore)["frames"] == frames


def test_a_missing_file_is_not_a_film(tmp_path: Path) -> None:
    with pytest.raises(OutputMissing, match="Output file was not created"):
        check(tmp_path / "none.mp4", PLAN, ignore)


@pytest.mark.parametrize(
    ("content", "error", "sentence"),
    [
        (b"", FileEmpty, "Downloaded file is empty"),
        (b"\x00\x00\x00\x1aftypisom\x00\x00\x02\x00isommp41", FileTooSmall, "File too small"),
        (bytes(1023), FileTooSmall, "File too small"),
        (bytes(4000), NotAVideo, "Not a valid video"),
        (b"<html>504 gateway timeout</html>" * 100, NotAVideo, "Not a valid video"),
        (b"\x00\x00\x00\x08ftyp\x00\x00\x00\x08moov\x00\x00\x07\xd0mdat" + bytes(1992), NotAVideo, "Not a valid video"),
    ],
    ids=["empty", "26 bytes", "1023 bytes", "zeros", "an error page", "boxes without a film"],
)
def test_what_is_no_film_is_refused(tmp_path: Path, content: bytes, error: type[CheckFailed], sentence: str) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        check(path, PLAN, ignore)
    assert caught.value.detail == sentence


@pytest.mark.parametrize("part", [0.02, 0.5, 0.99])
def test_a_cut_film_is_refused_wherever_it_was_cut(tmp_path: Path, good: Path, part: float) -> None:
    whole = good.read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: max(1024, int(len(whole) * part))])
    with pytest.raises(NotAVideo):
        check(path, PLAN, ignore)


def test_a_shorter_film_that_plays_well_is_refused(tmp_path: Path) -> None:
    sentence = refused(film(tmp_path, [30, 14]))
    assert sentence == "The film has 44 frames, planned were 45."


def test_a_longer_film_is_refused(tmp_path: Path) -> None:
    assert refused(film(tmp_path, [30, 16])) == "The film has 46 frames, planned were 45."


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"width": 322}, "The film's size is 320×180, planned was 322×180."),
        ({"fps": 25, "duration": 1.8}, "The film's frame rate is 30, planned was 25."),
        ({"duration": 1.6}, "The film's pictures last 1.500 s, planned were 1.600 s."),
        ({"audio": False}, "The film has 1 sound tracks, planned was 0."),
    ],
    ids=["size", "rate", "length", "sound"],
)
def test_a_film_that_is_not_the_planned_one_is_refused(good: Path, change: dict[str, Any], sentence: str) -> None:
    assert refused(good, planned(**change)) == sentence


@pytest.mark.parametrize("frames", [43, 47])
def test_sound_of_another_length_than_the_pictures_is_refused(tmp_path: Path, frames: int) -> None:
    sentence = refused(film(tmp_path, sound_frames=frames))
    assert sentence == f"The film's sound lasts {frames / 30:.3f} s, planned were 1.500 s."


def test_sound_one_frame_off_is_let_through(tmp_path: Path) -> None:
    assert check(film(tmp_path, sound_frames=44), PLAN, ignore)["audio_duration"] == pytest.approx(44 / 30)


def test_a_film_without_the_planned_sound_is_refused(tmp_path: Path) -> None:
    join(segments(tmp_path, [45]), None, tmp_path / "film.mp4", 30, ignore)
    assert refused(tmp_path / "film.mp4") == "The film has 0 sound tracks, planned was 1."
    assert check(tmp_path / "film.mp4", planned(audio=False), ignore)["audio_codec"] is None


def test_a_film_with_a_hole_in_its_times_is_refused(tmp_path: Path, good: Path) -> None:
    """44 times, one of them used twice: the count alone would let it pass."""
    path = tmp_path / "hole.mp4"
    with (
        av.open(str(good)) as source,
        av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "movie_timescale": "48000"}) as target,
    ):
        video: Any = target.add_stream_from_template(source.streams.video[0])
        video.time_base = Fraction(1, 30)
        late = [packet for packet in source.demux(source.streams.video[0]) if packet.size]
        for place, packet in enumerate(late):
            own = int((packet.pts or 0) * packet.time_base * 30)
            packet.stream, packet.time_base, packet.duration = video, Fraction(1, 30), 1
            packet.pts, packet.dts = (21 if own == 20 else own), place - 2
            target.mux_one(packet)
    assert refused(path, planned(audio=False)).startswith("No frame of the film is shown at its time, 0.667 s")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"profile": "baseline"}, "The film's H.264 profile is Constrained Baseline, planned was High."),
        ({"profile": "high"}, "The film's colour tag color_primaries is 2, planned was 1."),
    ],
    ids=["profile", "colours"],
)
def test_a_film_encoded_otherwise_is_refused(tmp_path: Path, options: dict[str, str], sentence: str) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video: Any = container.add_stream("libx264", rate=30)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.codec_context.options = {"preset": "veryfast", **options}
        for number in range(45):
            container.mux(video.encode(av.VideoFrame.from_image(canvas(number, SIZE))))
        container.mux(video.encode())
    assert refused(path, planned(audio=False)) == sentence


@pytest.mark.parametrize(("place", "frame"), [(0.05, 0), (0.5, 22), (0.93, 44)], ids=["first", "middle", "last"])
def test_damaged_pictures_are_found_where_they_are(tmp_path: Path, place: float, frame: int) -> None:
    """Three segments, each with a key frame of its own: the damage stays in one of them."""
    pieces = segments(tmp_path, [15, 15, 15])
    damage(pieces[int(place * 3)])
    join(pieces, quiet(tmp_path / "sound.m4a", 45), tmp_path / "film.mp4", 30, ignore)
    assert refused(tmp_path / "film.mp4") == f"Frame {frame} of the film does not decode."


def test_an_index_behind_the_pictures_is_refused(tmp_path: Path) -> None:
    path = other_film(tmp_path / "film.mp4", seconds=1.5)
    assert "cannot begin before it is loaded whole" in refused(path)


def test_the_request_of_the_parent_gives_the_report_and_its_progress(good: Path) -> None:
    events: list[dict[str, Any]] = []
    report = handle({"path": str(good), "plan": vars(PLAN)}, events.append)
    assert report["frames"] == 45
    assert [event["event"] for event in events] == ["progress", "progress"]


def damage(piece: Piece) -> None:
    """Overwrite the pictures, and nothing else, of a segment's file."""
    content = bytearray(piece.path.read_bytes())
    with av.open(str(piece.path)) as container:
        where = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    for at, size in where:
        assert at is not None
        for byte in range(at + min(size // 2, 900), at + size):
            content[byte] ^= 0xA5
    piece.path.write_bytes(content)
