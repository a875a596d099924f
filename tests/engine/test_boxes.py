"""The box walker: whole files pass, everything else is named."""

import struct
from pathlib import Path

import pytest

from rendering.engine.boxes import BrokenBoxes, starts_fast, walk, whole
from tests.engine.pieces import film


def box(kind: str, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind.encode()) + body


def long_box(kind: str, body: bytes = b"") -> bytes:
    return struct.pack(">I4sQ", 1, kind.encode(), 16 + len(body)) + body


def open_box(kind: str, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 0, kind.encode()) + body


def written(folder: Path, *parts: bytes) -> Path:
    path = folder / "file.mp4"
    path.write_bytes(b"".join(parts))
    return path


def test_a_joined_film_is_whole_and_starts_fast(tmp_path: Path) -> None:
    path = film(tmp_path)
    boxes = whole(path)
    assert boxes[0].kind == "ftyp"
    assert sum(box.size for box in boxes) == path.stat().st_size
    assert starts_fast(boxes)


def test_64_bit_sizes_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, box("ftyp", b"isom"), long_box("mdat", bytes(100)), box("moov"))
    assert [(found.kind, found.start, found.size) for found in whole(path)] == [
        ("ftyp", 0, 12),
        ("mdat", 12, 116),
        ("moov", 128, 8),
    ]
    assert not starts_fast(whole(path))


def test_a_last_box_may_reach_to_the_end_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, box("ftyp"), box("moov"), open_box("mdat", bytes(50)))
    assert whole(path)[-1].size == 58


@pytest.mark.parametrize("missing", ["moov", "mdat"])
def test_a_file_without_its_index_or_its_pictures_is_not_whole(tmp_path: Path, missing: str) -> None:
    kinds = [kind for kind in ("ftyp", "moov", "mdat") if kind != missing]
    with pytest.raises(BrokenBoxes, match=f"no '{missing}' box"):
        whole(written(tmp_path, *map(box, kinds)))


def test_a_file_that_begins_with_something_else_is_not_an_mp4(tmp_path: Path) -> None:
    with pytest.raises(BrokenBoxes, match="begins with 'free'"):
        whole(written(tmp_path, box("free"), box("ftyp"), box("moov"), box("mdat")))


def test_an_empty_file_has_no_boxes(tmp_path: Path) -> None:
    with pytest.raises(BrokenBoxes, match="nothing"):
        whole(written(tmp_path))


@pytest.mark.parametrize("cut", [1, 7, 50, 107])
def test_a_cut_file_is_not_whole_wherever_it_is_cut(tmp_path: Path, cut: int) -> None:
    complete = box("ftyp", b"isom") + box("moov", bytes(20)) + box("mdat", bytes(100))
    with pytest.raises(BrokenBoxes):
        whole(written(tmp_path, complete[:-cut]))


def test_a_cut_box_says_where_and_how_much(tmp_path: Path) -> None:
    path = written(tmp_path, box("ftyp"), box("mdat", bytes(92))[:60])
    with pytest.raises(BrokenBoxes, match="Box 'mdat' at byte 8 says 100 bytes; the file ends after 60 of them"):
        list(walk(path))


def test_bytes_after_the_last_box_are_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenBoxes, match="3 stray bytes at byte 24"):
        whole(written(tmp_path, box("ftyp"), box("moov"), box("mdat"), b"abc"))


@pytest.mark.parametrize("size", [2, 7])
def test_a_box_smaller_than_its_header_does_not_stop_the_walk_from_ending(tmp_path: Path, size: int) -> None:
    with pytest.raises(BrokenBoxes, match="less than its own header"):
        whole(written(tmp_path, box("ftyp"), struct.pack(">I4s", size, b"moov")))


def test_text_is_not_a_box(tmp_path: Path) -> None:
    with pytest.raises(BrokenBoxes):
        whole(written(tmp_path, b"<html><body>404 not found</body></html>"))


def test_a_file_full_of_tiny_boxes_ends_the_walk(tmp_path: Path) -> None:
    with pytest.raises(BrokenBoxes, match="More than"):
        whole(written(tmp_path, box("ftyp"), box("free") * 100_001))
