"""Requests about storyboards of many scenes: twice the scenes are at most twice the work, and hardly a query more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from media_assets.models import MediaAsset
from rendering.models import Storyboard
from rendering.workflow import review, write
from rendering.workflow.document_fields import MOST_SCENES
from tests.api.conftest import keep, scene, url
from tests.base import Api
from tests.footage import tone
from tests.growth import lines_run

LINEAR = 2.2
"""Twice the scenes may be this much more work; quadratic work would be four times as much."""
MOST_QUERIES = 60
"""Of any of these requests, with the largest storyboard: SQLite writes 999 values with each."""
FEW, MANY = 60, 120


@pytest.fixture
def narration(author: User, tmp_path: Any) -> MediaAsset:
    return keep(tone(tmp_path / "voice.wav", 0.5), author)


@pytest.fixture
def large(author: User, picture: MediaAsset, narration: MediaAsset) -> Callable[[int], Storyboard]:
    """A storyboard of so many scenes, each with its caption, narration and transition."""

    def make(scenes: int) -> Storyboard:
        return write.create(author, large_document(scenes, picture, narration))

    return make


def large_document(scenes: int, picture: MediaAsset, narration: MediaAsset) -> dict[str, Any]:
    crossfade = {"kind": "crossfade", "duration": 0.25}
    said = {"caption": "The ferry leaves the harbour at dawn", "narration": str(narration.pk)}
    first, following = scene(picture, **said), scene(picture, **said, transition=crossfade)
    return {"title": "The largest film", "scenes": [first] + [following] * (scenes - 1)}


def patch_scene(api: Api, board: Storyboard) -> Any:
    return api.patch(url(board, f"scenes/{board.scenes.all()[7].pk}/"), {"caption": "Another"}, format="json")


def move_scene(api: Api, board: Storyboard) -> Any:
    last = board.scenes.last()
    assert last is not None
    return api.patch(url(board, f"scenes/{last.pk}/"), {"position": 1}, format="json")


def insert_scene(api: Api, board: Storyboard) -> Any:
    new = {"template": "intro", "params": {"full_name": "Ada", "team": "T", "role": "R"}, "position": 1}
    return api.post(url(board, "scenes/"), new, format="json")


def delete_scene(api: Api, board: Storyboard) -> Any:
    return api.delete(url(board, f"scenes/{board.scenes.all()[3].pk}/"))


def put_edited(api: Api, board: Storyboard) -> Any:
    read = api.get(url(board)).json()
    read["scenes"][3]["caption"] = "Another"
    return api.put(url(board), read, format="json")


REQUESTS: dict[str, Callable[[Api, Storyboard], Any]] = {
    "read": lambda api, board: api.get(url(board)),
    "list": lambda api, board: api.get("/api/v1/storyboards/"),
    "list_scenes": lambda api, board: api.get(url(board, "scenes/?page_size=200")),
    "create": lambda api, board: api.post(
        "/api/v1/storyboards/", {"title": "Copy", "scenes": api.get(url(board)).json()["scenes"]}, format="json"
    ),
    "put": put_edited,
    "patch": lambda api, board: api.patch(url(board), {"captions": "both"}, format="json"),
    "patch_scene": patch_scene,
    "move_scene": move_scene,
    "insert_scene": insert_scene,
    "delete_scene": delete_scene,
    "submit": lambda api, board: api.post(url(board, "submit/"), {"revision": board.revision}, format="json"),
    "estimate": lambda api, board: api.get(url(board, "estimate/")),
    "duplicate": lambda api, board: api.post(url(board, "duplicate/")),
    "generate": lambda api, board: api.post(url(board, "generate/"), {"only": ["image"]}, format="json"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_twice_the_scenes_are_twice_the_work(name: str, author: User, large: Callable[[int], Storyboard]):
    api, request = Api(author), REQUESTS[name]
    assert request(api, large(12)).status_code < 300  # what is kept for the whole process is there
    Storyboard.objects.all().delete()
    small, few = asked(request, api, large(FEW))
    Storyboard.objects.all().delete()
    double, many = asked(request, api, large(MANY))
    assert double < LINEAR * small
    assert many - few <= 10


def asked(request: Callable[[Api, Storyboard], Any], api: Api, board: Storyboard) -> tuple[int, int]:
    """Lines of Python and queries that it takes."""
    with CaptureQueriesContext(connection) as queries:
        lines, answer = lines_run(lambda: request(api, board))
    assert answer.status_code < 300, answer.content
    return lines, len(queries)


@pytest.mark.parametrize("name", REQUESTS)
def test_the_largest_storyboard_takes_few_queries(
    name: str, author: User, large: Callable[[int], Storyboard], django_assert_max_num_queries: Any
):
    api, board = Api(author), large(MOST_SCENES)
    with django_assert_max_num_queries(MOST_QUERIES):
        answer = REQUESTS[name](api, board)
    # One scene more is one too many.
    assert (answer.status_code < 300) == (name != "insert_scene"), answer.content


def approve(api: Api, board: Storyboard) -> Any:
    review.submit(board, board.owner)
    return api.post(url(board, "approve/"), {"revision": board.revision}, format="json")


def order_film(api: Api, board: Storyboard) -> Any:
    return Api(board.owner).post(url(board, "render/"), {}, format="json")


def test_approval_and_order_of_the_largest_storyboard_take_few_queries(
    reviewer_api: Api, large: Callable[[int], Storyboard], django_assert_max_num_queries: Any
):
    board = large(MOST_SCENES)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert approve(reviewer_api, board).status_code == 200
    with django_assert_max_num_queries(MOST_QUERIES):
        ordered = order_film(reviewer_api, board)
    assert ordered.status_code == 202
    owner = Api(board.owner)
    for path in (ordered["Location"], "/api/v1/jobs/"):
        with django_assert_max_num_queries(12):
            assert owner.get(path).status_code == 200


def test_twice_the_scenes_are_twice_the_work_of_an_approval_and_an_order(
    reviewer_api: Api, large: Callable[[int], Storyboard]
):
    work: dict[int, tuple[int, int]] = {}
    for scenes in (2, FEW, MANY):
        board = large(scenes)
        decided, _ = asked(approve, reviewer_api, board)
        ordered, _ = asked(order_film, reviewer_api, board)
        work[scenes] = decided, ordered
    assert work[MANY][0] < LINEAR * work[FEW][0]
    assert work[MANY][1] < LINEAR * work[FEW][1]


def test_the_page_of_the_largest_storyboard_opens_with_few_queries_and_linear_work(
    reviewer_admin: Client, large: Callable[[int], Storyboard], django_assert_max_num_queries: Any
):
    def opened(board: Storyboard) -> int:
        lines, page = lines_run(lambda: reviewer_admin.get(f"/admin/rendering/storyboard/{board.pk}/change/"))
        assert page.status_code == 200
        return lines

    opened(large(2))
    assert opened(large(MANY)) < LINEAR * opened(large(FEW))
    board = large(MOST_SCENES)
    with django_assert_max_num_queries(30):
        page = reviewer_admin.get(f"/admin/rendering/storyboard/{board.pk}/change/")
    assert page.content.count(b'class="vs-card"') == MOST_SCENES
