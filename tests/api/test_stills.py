"""Stills: as wide as asked, drawn once for all who ask, known by a strong ETag, and never on every thread."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from PIL import Image

from media_assets.models import MediaAsset
from rendering.engine import launch
from rendering.models import Storyboard
from rendering.workflow import still_cache, stills, write
from rendering.workflow.segment_cache import SegmentCache
from tests import footage
from tests.api.conftest import keep, scene, url
from tests.base import Api, problem
from videoserver.web.seats import Seats
from videoserver.work.warm import Busy

TEMPLATE = "/api/v1/templates/closing/still.jpg"


@pytest.fixture(autouse=True)
def cache(settings: Any, tmp_path: Path) -> SegmentCache:
    """A cache of its own."""
    settings.SEGMENTS_DIR = tmp_path / "segments"
    return SegmentCache(settings.SEGMENTS_DIR)


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The frames that were really drawn."""
    drawn: list[int] = []
    draw = launch.still

    def counted(timeline: Any, frame: int, *arguments: Any, **options: Any) -> None:
        drawn.append(frame)
        draw(timeline, frame, *arguments, **options)

    monkeypatch.setattr(launch, "still", counted)
    return drawn


@pytest.fixture
def wide(author: User, picture: MediaAsset) -> Storyboard:
    """A film of 320 × 180."""
    scenes = [scene(picture, caption="Dawn"), scene(picture, motion="zoom_in", caption="Noon")]
    return write.create(author, {"title": "T", "width": 320, "height": 180, "fps": 8, "scenes": scenes})


def size_of(response: Any) -> tuple[int, int]:
    assert response.status_code == 200, response.content
    with Image.open(BytesIO(response.content)) as image:
        image.load()
        return image.size


@pytest.mark.parametrize(
    ("query", "size"),
    [("", (320, 180)), ("&w=160", (160, 90)), ("&w=101", (101, 57)), ("&w=320", (320, 180)), ("&w=4096", (320, 180))],
)
def test_it_is_as_wide_as_asked_and_never_wider_than_the_film(
    author_api: Api, wide: Storyboard, query: str, size: tuple[int, int]
):
    assert size_of(author_api.get(url(wide, f"still.jpg?at=0.5{query}"))) == size


@pytest.mark.parametrize("width", ["0", "15", "4097", "-1", "x", "1e9", ""])
@pytest.mark.parametrize("path", ["storyboard", "template"])
def test_a_width_beyond_the_bounds_is_refused(author_api: Api, wide: Storyboard, path: str, width: str):
    address = url(wide, "still.jpg") if path == "storyboard" else TEMPLATE
    refusal = problem(author_api.get(f"{address}?w={width}"), 400, "validation_error")
    assert refusal["errors"][0]["pointer"] == "/w"


def test_the_same_still_is_drawn_once(author_api: Api, wide: Storyboard, drawings: list[int]):
    first, second = (author_api.get(url(wide, "still.jpg?at=0.5&w=160")) for _ in range(2))
    assert first.content == second.content
    assert first["ETag"] == second["ETag"]
    assert drawings == [4]
    other = author_api.get(url(wide, "still.jpg?at=0.5&w=80"))
    assert other["ETag"] != first["ETag"]
    assert len(drawings) == 2


def test_equal_pictures_of_other_storyboards_and_templates_are_drawn_once(
    author_api: Api, author: User, wide: Storyboard, drawings: list[int]
):
    copy = write.duplicate(wide, author)
    tags = {author_api.get(url(board, "still.jpg?at=0.5&w=160"))["ETag"] for board in (wide, copy)}
    assert len(tags) == 1
    assert len(drawings) == 1
    assert len({author_api.get(f"{TEMPLATE}?w=160")["ETag"] for _ in range(2)}) == 1
    assert len(drawings) == 2


def test_whoever_has_it_gets_304_and_nothing_is_drawn(
    author_api: Api, wide: Storyboard, cache: SegmentCache, drawings: list[int]
):
    for address in (url(wide, "still.jpg?at=0.5&w=160"), f"{TEMPLATE}?w=160"):
        kept = author_api.get(address)
        assert kept["ETag"].startswith('"') and kept["Cache-Control"].startswith("private")
        drawings.clear()
        for use in list(cache.used()):
            cache.remove(use)
        same = author_api.get(address, headers={"If-None-Match": kept["ETag"]})
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", kept["ETag"])
        assert drawings == []
        problem(author_api.get(address, headers={"If-Match": '"another"'}), 412, "precondition_failed")


def test_an_edit_of_one_scene_leaves_the_stills_of_the_others(
    author_api: Api, author: User, wide: Storyboard, drawings: list[int]
):
    def tags() -> list[str]:
        return [author_api.get(url(wide, f"still.jpg?at={at}&w=160"))["ETag"] for at in (0.5, 1.5)]

    before = tags()
    write.change_scene(wide, author, wide.scenes.all()[1], {"caption": "Dusk"})
    after = tags()
    assert before[0] == after[0] and before[1] != after[1]
    assert len(drawings) == 3


def test_a_damaged_still_is_drawn_again(author_api: Api, wide: Storyboard, cache: SegmentCache, drawings: list[int]):
    address = url(wide, "still.jpg?at=0.5&w=160")
    whole = author_api.get(address).content
    (kept,) = cache.used()
    kept.path.write_bytes(b"\xff" * kept.size)
    assert author_api.get(address).content == whole
    assert len(drawings) == 2


def test_stills_are_swept_with_the_segments(author_api: Api, wide: Storyboard, cache: SegmentCache):
    author_api.get(url(wide, "still.jpg?at=0.5&w=160"))
    assert len(list(cache.used())) == 1
    call_command("cleanup_segments", "--older-than", "0s")
    assert not list(cache.used())


def test_a_still_without_room_in_the_cache_is_shown_all_the_same(
    author_api: Api, wide: Storyboard, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SegmentCache, "put", full)
    assert size_of(author_api.get(url(wide, "still.jpg?at=0.5&w=160"))) == (160, 90)


def test_equal_stills_at_once_are_drawn_once(wide: Storyboard, monkeypatch: pytest.MonkeyPatch):
    still = stills.of(wide, 0.5, 160)
    drawn, all_ask = [], threading.Barrier(4)

    def slow(self: Any, cache: SegmentCache) -> bytes:
        drawn.append(self.key)
        while still_cache.seats._taken < 4:
            threading.Event().wait(0.01)
        return b"a picture"

    def ask(number: int) -> bytes:
        all_ask.wait()
        return still.picture(f"key:{number}")

    monkeypatch.setattr(still_cache.Still, "draw", slow)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [b"a picture"] * 4
    assert drawn == [still.key]
    assert still_cache.seats._taken == 0


def test_who_waits_for_another_hears_of_its_failure(wide: Storyboard, monkeypatch: pytest.MonkeyPatch):
    def fails(self: Any, cache: SegmentCache) -> bytes:
        raise Busy

    monkeypatch.setattr(still_cache.Still, "draw", fails)
    still = stills.of(wide, 0.5, 160)
    for _ in range(2):
        with pytest.raises(Busy):
            still.picture("key:a")
    assert still_cache.seats._taken == 0
    assert not still_cache._under_way


def test_a_caller_without_a_seat_is_told_to_come_again_but_reads_what_is_there(
    author_api: Api, wide: Storyboard, monkeypatch: pytest.MonkeyPatch
):
    there = url(wide, "still.jpg?at=0.5&w=160")
    author_api.get(there)
    monkeypatch.setattr(still_cache, "seats", Seats(0))
    answer = author_api.get(url(wide, "still.jpg?at=1.5&w=160"))
    problem(answer, 503, "server_busy")
    assert answer["Retry-After"] == "5"
    assert author_api.get(there).status_code == 200


def test_stills_leave_threads_for_everything_else(settings: Any):
    assert still_cache.seats.count <= settings.WEB_THREADS // 2
    assert still_cache.seats.share < still_cache.seats.count
    taken = [still_cache.seats.take("key:a") for _ in range(still_cache.seats.count)]
    other = still_cache.seats.take("key:b")
    for _ in range(taken.count(True)):
        still_cache.seats.leave("key:a")
    still_cache.seats.leave("key:b")
    assert other


def test_twenty_tiles_have_at_most_300_kilobytes(author_api: Api, author: User, tmp_path: Path):
    pictures = [keep(footage.picture(tmp_path / f"{seed}.png", (960, 540), seed=seed), author) for seed in range(2)]
    scenes = [scene(pictures[number % 2], caption=f"Scene {number}") for number in range(20)]
    board = write.create(author, {"title": "T", "scenes": scenes})
    total = 0
    for number in range(20):
        answer = author_api.get(url(board, f"still.jpg?at={number + 0.5}&w=240"))
        assert size_of(answer) == (240, 135)
        total += len(answer.content)
    assert total <= 300_000
