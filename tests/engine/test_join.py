"""Joining: every frame once, at its time, with the sound beside it, and nothing encoded again."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from rendering.engine.boxes import starts_fast, whole
from rendering.engine.errors import ProcessingFailed
from rendering.engine.join import Piece, handle, join
from tests.engine.pieces import film, ignore, quiet, segment, segments
from tests.footage import numbers_of, tone


def packets(path: Path, kind: str) -> list[Any]:
    with av.open(str(path)) as container:
        stream: Any = getattr(container.streams, kind)[0]
        return [packet for packet in container.demux(stream) if packet.size]


@pytest.mark.parametrize(
    ("lengths", "fps"),
    [([1], 30), ([2], 30), ([1, 1, 1], 30), ([2, 2], 30), ([1, 2, 30, 1, 7, 3], 30), ([5, 40, 1, 12], 24), ([9, 4], 7)],
    ids=str,
)
def test_no_frame_is_lost_doubled_or_late(tmp_path: Path, lengths: list[int], fps: int) -> None:
    path = film(tmp_path, lengths, fps)
    frames = sum(lengths)
    assert numbers_of(path) == list(range(frames))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        shown = [Fraction(frame.pts or 0) * stream.time_base for frame in container.decode(stream)]
        assert shown == [Fraction(number, fps) for number in range(frames)]
        assert stream.frames == frames
        assert stream.average_rate == fps
        assert Fraction(stream.duration or 0) * stream.time_base == Fraction(frames, fps)


def test_decoding_times_count_up_and_never_pass_the_frames_own_time(tmp_path: Path) -> None:
    copied = packets(film(tmp_path, [1, 2, 30, 3]), "video")
    step = copied[1].dts - copied[0].dts
    assert {after.dts - before.dts for before, after in pairwise(copied)} == {step}
    assert all(packet.dts <= packet.pts for packet in copied)
    assert {packet.duration for packet in copied} == {step}


def test_sound_and_pictures_begin_and_end_together(tmp_path: Path) -> None:
    heard = packets(film(tmp_path, [10, 1, 34]), "audio")
    assert heard[0].pts == -1024  # the encoder's run-in, which the edit list skips
    assert heard[-1].pts + heard[-1].duration == 45 * 1600
    with av.open(str(tmp_path / "film.mp4")) as container:
        assert [stream.start_time for stream in container.streams] == [0, 0]
        assert container.duration == 1_500_000


def test_the_film_keeps_its_colours_and_can_be_played_while_it_loads(tmp_path: Path) -> None:
    path = film(tmp_path)
    assert starts_fast(whole(path))
    assert b"colrnclx\x00\x01\x00\x01\x00\x01\x00" in path.read_bytes()
    with av.open(str(path)) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range) == (1, 1, 1, 1)


def test_the_pictures_are_copied_bit_by_bit(tmp_path: Path) -> None:
    pieces = segments(tmp_path, [3, 20])
    join(pieces, None, tmp_path / "film.mp4", 30, ignore)
    before = [bytes(packet) for piece in pieces for packet in packets(piece.path, "video")]
    assert [bytes(packet) for packet in packets(tmp_path / "film.mp4", "video")] == before


def test_a_film_without_a_sound_track_has_none(tmp_path: Path) -> None:
    join(segments(tmp_path, [3]), None, tmp_path / "film.mp4", 30, ignore)
    with av.open(str(tmp_path / "film.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]


@pytest.mark.parametrize(("change", "named"), [({"size": (160, 90)}, "size"), ({"fps": 25}, "encoder header")])
def test_a_segment_with_other_parameters_is_refused_by_name(tmp_path: Path, change: Any, named: str) -> None:
    pieces = [segment(tmp_path / "a.mp4", 0, 3), segment(tmp_path / "b.mp4", 3, 3, **change)]
    with pytest.raises(ProcessingFailed, match=f"segment 2 differs from segment 1 in its .*{named}"):
        join(pieces, None, tmp_path / "film.mp4", 30, ignore)


@pytest.mark.parametrize("planned", [4, 6])
def test_a_segment_of_another_length_is_refused(tmp_path: Path, planned: int) -> None:
    short = segment(tmp_path / "a.mp4", 0, 5)
    with pytest.raises(ProcessingFailed, match="segment 1"):
        join([Piece(short.path, planned)], None, tmp_path / "film.mp4", 30, ignore)


@pytest.mark.parametrize("content", [None, b"", b"not a film at all" * 100])
def test_a_segment_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    broken = tmp_path / "broken.mp4"
    if content is not None:
        broken.write_bytes(content)
    with pytest.raises(ProcessingFailed, match=r"segment broken\.mp4 cannot be read"):
        join([segment(tmp_path / "a.mp4", 0, 3), Piece(broken, 3)], None, tmp_path / "film.mp4", 30, ignore)


def test_a_sound_track_that_is_not_aac_is_refused(tmp_path: Path) -> None:
    sound = tone(tmp_path / "tone.mp3").rename(tmp_path / "tone.mp4")
    with pytest.raises(ProcessingFailed, match="sound track"):
        join(segments(tmp_path, [3]), sound, tmp_path / "film.mp4", 30, ignore)


def test_nothing_is_left_of_a_join_that_failed_and_the_old_film_stays(tmp_path: Path) -> None:
    output = tmp_path / "out" / "film.mp4"
    output.parent.mkdir()
    output.write_bytes(b"the film before")
    with pytest.raises(ProcessingFailed):
        join([*segments(tmp_path, [3]), Piece(tmp_path / "gone.mp4", 3)], None, output, 30, ignore)
    assert [path.name for path in output.parent.iterdir()] == ["film.mp4"]
    assert output.read_bytes() == b"the film before"


def test_a_join_of_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProcessingFailed, match="no segments"):
        join([], None, tmp_path / "film.mp4", 30, ignore)


def test_the_request_of_the_parent_gives_the_film_and_its_progress(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    pieces = segments(tmp_path, [4, 2])
    request = {
        "segments": [{"path": str(piece.path), "frames": piece.frames} for piece in pieces],
        "sound": str(quiet(tmp_path / "sound.m4a", 6)),
        "fps": 30,
        "output": str(tmp_path / "film.mp4"),
    }
    result = handle(request, events.append)
    assert result == {
        "path": str(tmp_path / "film.mp4"),
        "size": (tmp_path / "film.mp4").stat().st_size,
        "frames": 6,
    }
    assert events[-1] == {"event": "progress", "done": 6, "total": 6}
