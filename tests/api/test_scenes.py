"""Scenes over HTTP: append, insert, merge, move, replace, take out; each is a new revision of the storyboard."""

import uuid
from typing import Any

import pytest

from media_assets.models import MediaAsset
from rendering.models import Storyboard
from tests.api.conftest import scene, url
from tests.base import Api, problem


def captions(api: Api, board: Storyboard) -> list[str]:
    """The captions in the scenes' order."""
    return [each["caption"] for each in api.get(url(board, "scenes/")).json()["results"]]


def test_a_scene_is_appended(author_api: Api, board: Storyboard, picture: MediaAsset) -> None:
    response = author_api.post(url(board, "scenes/"), scene(picture, caption="Last"))
    body = response.json()
    assert (response.status_code, response["ETag"], body["position"]) == (201, '"r2"', 2)
    assert response["Location"] == f"/api/v1/storyboards/{board.pk}/scenes/{body['id']}"
    assert author_api.get(response["Location"]).json() == body
    assert captions(author_api, board) == ["The old harbour at dawn", "", "Last"]


def test_a_scene_is_inserted_at_its_position(author_api: Api, board: Storyboard, picture: MediaAsset) -> None:
    body = author_api.post(url(board, "scenes/"), scene(picture, caption="Between", position=1)).json()
    assert body["position"] == 1
    assert captions(author_api, board) == ["The old harbour at dawn", "Between", ""]
    assert author_api.post(url(board, "scenes/"), scene(picture, position=99)).json()["position"] == 3


def test_parameters_merge_and_null_removes_one(author_api: Api, board: Storyboard) -> None:
    one = board.scenes.all()[1]
    image = one.params["image"]
    changed = author_api.patch(url(board, f"scenes/{one.pk}/"), {"params": {"motion": "pan_left"}}).json()
    assert changed["params"] == {"image": image, "motion": "pan_left"}
    assert changed["transition"] == {"kind": "crossfade", "duration": 0.25}
    without = author_api.patch(url(board, f"scenes/{one.pk}/"), {"params": {"motion": None}}).json()
    assert without["params"] == {"image": image, "motion": "none"}
    assert without["id"] == str(one.pk)


def test_a_position_moves_a_scene(author_api: Api, board: Storyboard) -> None:
    first = board.scenes.all()[0]
    second = board.scenes.all()[1]
    author_api.patch(url(board, f"scenes/{second.pk}/"), {"transition": None})
    assert author_api.patch(url(board, f"scenes/{first.pk}/"), {"position": 1}).json()["position"] == 1
    assert captions(author_api, board) == ["", "The old harbour at dawn"]


def test_put_replaces_a_scene_that_keeps_its_id_and_place(
    author_api: Api, board: Storyboard, picture: MediaAsset
) -> None:
    one = board.scenes.all()[0]
    read = author_api.get(url(board, f"scenes/{one.pk}/")).json()
    same = author_api.put(url(board, f"scenes/{one.pk}/"), read)
    assert (same.json(), same["ETag"]) == (read, '"r1"')
    other = author_api.put(url(board, f"scenes/{one.pk}/"), scene(picture, 2)).json()
    assert (other["id"], other["position"], other["duration"], other["caption"]) == (str(one.pk), 0, 2.0, "")


def test_a_scene_is_taken_out(author_api: Api, board: Storyboard) -> None:
    last = board.scenes.all()[1]
    response = author_api.delete(url(board, f"scenes/{last.pk}/"))
    assert (response.status_code, response["ETag"]) == (204, '"r2"')
    problem(author_api.get(url(board, f"scenes/{last.pk}/")), 404, "not_found")
    assert captions(author_api, board) == ["The old harbour at dawn"]


def test_an_approved_storyboard_is_a_draft_again_when_a_scene_changes(
    author_api: Api, approved: Storyboard, picture: MediaAsset
) -> None:
    author_api.post(url(approved, "scenes/"), scene(picture))
    assert author_api.get(url(approved)).json()["status"] == "draft"


def test_a_write_on_another_revision_is_refused(author_api: Api, board: Storyboard, picture: MediaAsset) -> None:
    headers = {"If-Match": author_api.get(url(board, "scenes/"))["ETag"]}
    one = url(board, f"scenes/{board.scenes.all()[0].pk}/")
    assert author_api.post(url(board, "scenes/"), scene(picture), headers=headers).status_code == 201
    for response in (
        author_api.post(url(board, "scenes/"), scene(picture), headers=headers),
        author_api.patch(one, {"caption": "Mine"}, headers=headers),
        author_api.put(one, scene(picture), headers=headers),
        author_api.delete(one, headers=headers),
    ):
        problem(response, 412, "precondition_failed")


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        ({"duration": 0}, "/duration", "min_value"),
        ({"duration": "long"}, "/duration", "invalid"),
        ({"template": "nothing"}, "/template", "unknown_template"),
        ({"params": {"image": 7}}, "/params/image", "invalid"),
        ({"params": {"picture": "x"}}, "/params/picture", "unknown"),
        ({"colour": "red"}, "/colour", "unknown"),
        ({"params": {"image": str(uuid.UUID(int=7))}}, "/params/image", "asset_not_found"),
        ({"transition": {"kind": "crossfade", "duration": 3}}, "/transition/duration", "max_value"),
        ({"position": -1}, "/position", "invalid"),
        ({"position": "first"}, "/position", "invalid"),
    ],
)
def test_errors_point_into_the_scene_that_was_sent(
    author_api: Api, board: Storyboard, picture: MediaAsset, wrong: dict[str, Any], pointer: str, code: str
) -> None:
    last = board.scenes.all()[1]
    for response in (
        author_api.post(url(board, "scenes/"), scene(picture) | wrong),
        author_api.patch(url(board, f"scenes/{last.pk}/"), wrong),
        author_api.put(url(board, f"scenes/{last.pk}/"), scene(picture) | wrong),
    ):
        body = problem(response, 400, code if code == "asset_not_found" else "validation_error")
        assert (pointer, code) in {(error["pointer"], error["code"]) for error in body["errors"]}
    assert Storyboard.objects.get(pk=board.pk).revision == 1


def test_what_a_scene_does_to_its_neighbour_has_no_place_in_it(author_api: Api, board: Storyboard) -> None:
    second = board.scenes.all()[1]
    author_api.patch(url(board, f"scenes/{second.pk}/"), {"transition": {"kind": "crossfade", "duration": 0.75}})
    first = board.scenes.all()[0]
    body = problem(author_api.patch(url(board, f"scenes/{first.pk}/"), {"duration": 0.5}), 400, "validation_error")
    assert [error["pointer"] for error in body["errors"]] == [""]


def test_what_is_no_object_is_no_scene(author_api: Api, board: Storyboard) -> None:
    one = url(board, f"scenes/{board.scenes.all()[0].pk}/")
    for response in (author_api.post(url(board, "scenes/"), []), author_api.patch(one, 7), author_api.put(one, "x")):
        problem(response, 400, "validation_error")


def test_a_storyboards_scenes_are_not_there_for_strangers(
    stranger_api: Api, board: Storyboard, foreign_picture: MediaAsset
) -> None:
    one = url(board, f"scenes/{board.scenes.all()[0].pk}/")
    for response in (
        stranger_api.get(url(board, "scenes/")),
        stranger_api.get(one),
        stranger_api.post(url(board, "scenes/"), scene(foreign_picture)),
        stranger_api.patch(one, {"caption": "x"}),
        stranger_api.delete(one),
    ):
        problem(response, 404, "not_found")


def test_a_scene_of_another_storyboard_is_not_there(
    author_api: Api, board: Storyboard, document: dict[str, Any]
) -> None:
    other = author_api.post("/api/v1/storyboards/", document).json()
    foreign = other["scenes"][0]["id"]
    problem(author_api.patch(url(board, f"scenes/{foreign}/"), {"caption": "x"}), 404, "not_found")
