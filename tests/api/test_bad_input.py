"""What cannot be rendered is refused with its place and its sentence; nothing is queued, nothing is lost."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from media_assets.models import MediaAsset
from rendering.models import Job, Review, Storyboard
from rendering.workflow import write
from tests.api.conftest import scene, url
from tests.base import Api, problem

LIST = "/api/v1/storyboards/"
GONE = object()
NEVER_STORED = {
    "an unknown template": ("/scenes/1/template", "movie", "unknown_template"),
    "a number as a picture": ("/scenes/0/params/image", 3, "invalid"),
    "an unknown motion": ("/scenes/0/params/motion", "spin", "invalid_choice"),
    "an unknown parameter": ("/scenes/0/params/colour", "red", "unknown"),
    "a scene of 0 seconds": ("/scenes/1/duration", 0, "min_value"),
    "a scene of an hour": ("/scenes/1/duration", 3600, "max_value"),
    "a transition that is longer than its scenes": ("/scenes/1/transition/duration", 1.5, "max_value"),
    "a transition into the first scene": ("/scenes/0/transition", {"kind": "crossfade"}, "invalid"),
    "an unknown transition": ("/scenes/1/transition/kind", "melt", "invalid_choice"),
    "an odd width": ("/width", 65, "invalid"),
    "a width without a height": ("/height", GONE, "required"),
    "no frames a second": ("/fps", 0, "min_value"),
    "a title of nothing": ("/title", "  ", "blank"),
    "no list of scenes": ("/scenes", GONE, "required"),
    "an unknown key": ("/subtitle", "x", "unknown"),
    "metadata that is too much": ("/metadata", {"a": "x" * 20_000}, "max_length"),
}


@pytest.mark.parametrize(("pointer", "value", "code"), NEVER_STORED.values(), ids=NEVER_STORED)
def test_it_is_not_stored(
    author_api: Api, board: Storyboard, document: dict[str, Any], pointer: str, value: Any, code: str
) -> None:
    put(document, pointer, value)
    for response in (author_api.post(LIST, document), author_api.put(url(board), document)):
        body = problem(response, 400, "validation_error")
        assert (pointer, code) in {(error["pointer"], error["code"]) for error in body["errors"]}
        assert all(error["detail"] for error in body["errors"])
    assert Storyboard.objects.get().revision == 1


def put(document: Any, pointer: str, value: Any) -> None:
    """Write a value at its place."""
    *way, last = pointer.split("/")[1:]
    for key in way:
        document = document[int(key) if isinstance(document, list) else key]
    if value is GONE:
        del document[last]
    else:
        document[last] = value


def test_two_transitions_are_not_longer_than_the_scene_between(
    author_api: Api, document: dict[str, Any], picture: MediaAsset
) -> None:
    fade = {"kind": "fade_black", "duration": 0.75}
    document["scenes"] = [scene(picture), scene(picture, transition=fade), scene(picture, transition=fade)]
    body = problem(author_api.post(LIST, document), 400, "validation_error")
    assert [error["pointer"] for error in body["errors"]] == ["/scenes/1/transition/duration"]


def test_a_preview_that_moves_is_no_picture(author_api: Api, document: dict[str, Any], picture: MediaAsset) -> None:
    MediaAsset.objects.filter(pk=picture.pk).update(content_type="image/gif")
    body = author_api.post(LIST, document).json()
    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [
        (f"/scenes/{number}/params/image", "unexpected_type") for number in range(2)
    ]
    assert not Storyboard.objects.exists()


def test_without_scenes_it_is_not_submitted(author_api: Api, author: User) -> None:
    empty = write.create(author, {"title": "An idea", "scenes": []})
    body = problem(author_api.post(url(empty, "submit/")), 422, "no_scenes")
    assert body["detail"] == "No storyboard data available"
    assert body["errors"][0]["pointer"] == "/scenes"


def test_a_scene_without_its_picture_is_not_submitted(
    author_api: Api, author: User, document: dict[str, Any], picture: MediaAsset
) -> None:
    document["scenes"] += [scene(picture), {"template": "picture", "duration": 1, "params": {}}]
    board = write.create(author, document)
    body = problem(author_api.post(url(board, "submit/")), 422, "scene_missing_image")
    assert body["detail"] == "Scene 4 is missing image"
    assert body["errors"] == [
        {"pointer": "/scenes/3/params/image", "code": "scene_missing_image", "detail": "Scene 4 is missing image"}
    ]
    assert Storyboard.objects.get().status == "draft"


def test_what_is_not_approved_is_not_rendered(author_api: Api, submitted: Storyboard) -> None:
    body = problem(author_api.post(url(submitted, "render/")), 409, "not_approved")
    assert body["detail"] == "Storyboard must be approved"
    assert not Job.objects.exists()


def test_a_picture_that_went_away_after_the_approval_stops_the_order_and_not_the_approval(
    author_api: Api, approved: Storyboard, picture: MediaAsset
) -> None:
    MediaAsset.objects.filter(pk=picture.pk).update(status="failed")
    body = problem(author_api.post(url(approved, "render/")), 422, "asset_not_ready")
    assert [error["pointer"] for error in body["errors"]] == ["/scenes/0/params/image", "/scenes/1/params/image"]
    assert not Job.objects.exists()
    assert Storyboard.objects.get().is_approved
    MediaAsset.objects.filter(pk=picture.pk).update(status="ready")
    assert author_api.post(url(approved, "render/")).status_code == 202


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"quality": "8k"}, "/quality"),
        ({"width": 64}, "/height"),
        ({"width": 65, "height": 64}, "/width"),
        ({"width": 8192, "height": 64}, "/width"),
        ({"formats": ["avi"]}, "/formats/0"),
        ({"formats": ["gif", "gif"]}, "/formats"),
        ({"aspect_ratios": []}, "/aspect_ratios"),
        ({"aspect_ratios": ["3:2"]}, "/aspect_ratios/0"),
        ({"aspect_ratios": ["1:1", "1:1"]}, "/aspect_ratios"),
        ({"aspect_ratios": ["1:1"], "width": 64, "height": 64}, "/aspect_ratios"),
        ({"size_limit_mb": 0}, "/size_limit_mb"),
        ({"accept_quality": "perhaps"}, "/accept_quality"),
        ({"cost_cap": "-1"}, "/cost_cap"),
        ({"metadata": []}, "/metadata"),
        ({"qualty": "720p"}, "/qualty"),
    ],
)
def test_an_order_with_wrong_options_is_none(
    author_api: Api, approved: Storyboard, options: dict[str, Any], pointer: str
) -> None:
    body = problem(author_api.post(url(approved, "render/"), options), 400, "validation_error")
    assert pointer in {error["pointer"] for error in body["errors"]}
    assert not Job.objects.exists()


def test_a_body_that_is_no_json_is_refused(author_api: Api, submitted: Storyboard) -> None:
    for body in ("{", "NaN", '{"revision": 1e999}', "\x00"):
        response = author_api.post(url(submitted, "submit/"), body, content_type="application/json")
        problem(response, 400, "parse_error")
    assert not Review.objects.exists()
