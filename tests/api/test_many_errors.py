"""Bodies that are wrong in more places than anybody mends: the first errors and their number, at little cost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from rendering.models import Job, Storyboard
from rendering.workflow import write
from tests.api.conftest import url
from tests.base import Api, problem
from tests.growth import lines_run

LIST = "/api/v1/storyboards/"
LONGEST_ANSWER = 200_000
LINES_A_MISTAKE = 12
"""Lines of Python that a mistake which is not shown may take: it is parsed, looked at and counted."""
MISTAKES = 20_000


def many_keys(count: int) -> dict[str, Any]:
    return {f"key{number}": 1 for number in range(count)}


def document(**more: Any) -> dict[str, Any]:
    return {"title": "T", "scenes": [], **more}


def params(template: str, **given: Any) -> dict[str, Any]:
    return document(scenes=[{"template": template, "params": given}])


@pytest.fixture
def board(author: User) -> Storyboard:
    return write.create(author, document())


BODIES: dict[str, tuple[str, Any, int]] = {
    "keys of a document": (LIST, document(**many_keys(MISTAKES)), MISTAKES),
    "keys of parameters": (LIST, params("picture", **many_keys(MISTAKES)), MISTAKES),
    "keys of 500 scenes": (LIST, document(scenes=[many_keys(40)] * 500), 500 * 41),  # each lacks its template, too
    "keys of an order": ("storyboards/{id}/render/", many_keys(MISTAKES), MISTAKES),
    "keys of a campaign": ("campaigns/", many_keys(MISTAKES), MISTAKES + 1),  # and lacks its name
    "keys of a scene": ("storyboards/{id}/scenes/", many_keys(MISTAKES), MISTAKES + 1),
    "keys of a direct order": (
        "templates/picture/render/",
        {"params": {"image": "x", **many_keys(MISTAKES)}},
        MISTAKES,
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_the_first_hundred_are_listed_and_all_are_counted(name: str, author_api: Api, board: Storyboard):
    path, body, total = BODIES[name]
    response = author_api.post(address(path, board), body, format="json")
    refusal = problem(response, 400, "validation_error")
    assert len(refusal["errors"]) == 100
    assert refusal["detail"].endswith(f"The first 100 of {total} errors are listed; there are {total - 100} more.")
    assert all(set(error) == {"pointer", "code", "detail"} for error in refusal["errors"])
    assert len(response.content) < LONGEST_ANSWER
    assert Storyboard.objects.count() == 1
    assert not Job.objects.exists()


@pytest.mark.parametrize("name", BODIES)
def test_what_is_not_listed_costs_next_to_nothing(name: str, author_api: Api, board: Storyboard):
    path, body, total = BODIES[name]
    text = json.dumps(body)
    author_api.post(address(path, board), text, content_type="application/json")  # what is kept for all is there
    lines, _ = lines_run(lambda: author_api.post(address(path, board), text, content_type="application/json"))
    assert lines < LINES_A_MISTAKE * total + 60_000


TOO_LONG: dict[str, tuple[str, Any, str, str]] = {
    "scenes": (LIST, document(scenes=[{"template": "picture"}] * 100_000), "/scenes", "max_length"),
    "scenes that are numbers": (LIST, document(scenes=[1] * 300_000), "/scenes", "max_length"),
    "steps": (
        LIST,
        params("how_it_works", title="T", steps=[{"a": 1}] * 200_000),
        "/scenes/0/params/steps",
        "max_length",
    ),
    "formats": ("storyboards/{id}/render/", {"formats": ["x"] * 300_000}, "/formats", "max_length"),
    "aspect ratios": (
        "storyboards/{id}/render/",
        {"aspect_ratios": ["16:9"] * 300_000},
        "/aspect_ratios",
        "max_length",
    ),
    "parts": ("storyboards/{id}/generate/", {"only": ["x"] * 300_000}, "/only", "max_length"),
    "tags": ("media/import-from-url/", {"url": "http://x/", "tags": ["x" * 200] * 15_000}, "/tags", "max_length"),
}


@pytest.mark.parametrize("name", TOO_LONG)
def test_a_list_that_is_too_long_is_not_looked_into(name: str, author_api: Api, board: Storyboard):
    path, body, pointer, code = TOO_LONG[name]
    text = json.dumps(body)
    lines, response = lines_run(lambda: author_api.post(address(path, board), text, content_type="application/json"))
    refusal = problem(response, 400, "validation_error")
    assert (pointer, code) in {(error["pointer"], error["code"]) for error in refusal["errors"]}
    assert len(response.content) < LONGEST_ANSWER
    assert lines < 5_000_000  # the parser looks at each value; validation does not


ECHOES: dict[str, tuple[str, Any, str]] = {
    "a long key": (LIST, document(**{"k" * 1_000_000: 1}), ""),
    "a long key in a scene": (LIST, document(scenes=[{"template": "picture", "k" * 1_000_000: 1}]), "/scenes/0"),
    "a long choice": (LIST, document(aspect_ratio="x" * 1_000_000), "/aspect_ratio"),
    "a long template": (LIST, document(scenes=[{"template": "x" * 1_000_000}]), "/scenes/0/template"),
    "a long asset": (LIST, params("picture", image="x" * 1_000_000), "/scenes/0/params/image"),
    "a long colour": (LIST, document(brand={"color": "#" * 1_000_000}), "/brand/color"),
    "a long format": ("storyboards/{id}/render/", {"formats": ["x" * 1_000_000]}, "/formats/0"),
    "a long number": ("storyboards/{id}/submit/", {"revision": "9" * 1_000_000}, "/revision"),
    "a long id": ("storyboards/{id}/generate/", {"scene": "x" * 1_000_000}, "/scene"),
    "a long key of an order": ("storyboards/{id}/render/", {"k" * 1_000_000: 1}, ""),
    "a huge number": (LIST, document(fps=10**4000), "/fps"),
    "a huge length": (LIST, document(scenes=[{"template": "picture", "duration": 10**4000}]), "/scenes/0/duration"),
}


@pytest.mark.parametrize("name", ECHOES)
def test_an_answer_does_not_repeat_what_was_sent(name: str, author_api: Api, board: Storyboard):
    path, body, pointer = ECHOES[name]
    response = author_api.post(address(path, board), body, format="json")
    refusal = problem(response, 400, "validation_error")
    assert pointer in {error["pointer"] for error in refusal["errors"]}
    assert len(response.content) < 5_000


def test_a_form_is_told_of_its_first_hundred_fields(author_api: Api):
    response = author_api.post(
        "/api/v1/templates/picture/render/", {**many_keys(900), "image": "x"}, format="multipart"
    )
    refusal = problem(response, 400, "validation_error")
    assert len(refusal["errors"]) == 100
    assert "there are 800 more" in refusal["detail"]
    assert refusal["errors"][0]["pointer"] == "/key0"


def test_obstacles_of_a_submission_are_bounded_too(author_api: Api, author: User):
    lacking = write.create(author, document(scenes=[{"template": "picture"}] * 500))
    response = author_api.post(url(lacking, "submit/"), {"revision": 1}, format="json")
    refusal = problem(response, 422, "scene_missing_image")
    assert refusal["detail"] == (
        "Scene 1 is missing image. The first 100 of 500 errors are listed; there are 400 more."
    )
    assert [error["pointer"] for error in refusal["errors"]] == [f"/scenes/{at}/params/image" for at in range(100)]


def test_assets_that_nobody_has_are_bounded_too(author_api: Api):
    body = document(scenes=[{"template": "picture", "params": {"image": "nobody's"}}] * 150)
    refusal = problem(author_api.post(LIST, body, format="json"), 400, "asset_not_found")
    assert len(refusal["errors"]) == 100
    assert "there are 50 more" in refusal["detail"]


def test_exactly_a_hundred_are_all_of_them(author_api: Api):
    refusal = problem(author_api.post(LIST, document(**many_keys(100)), format="json"), 400, "validation_error")
    assert len(refusal["errors"]) == 100
    assert refusal["detail"] == "100 things are wrong with the storyboard document."


@pytest.mark.parametrize("scenes", [201, 500, 10**6])
def test_more_scenes_than_the_provider_writes_are_refused_before_anything_is_queued(
    author_api: Api, board: Storyboard, scenes: int
):
    body = {"brief": "A harbour at dawn.", "scenes": scenes}
    refusal = problem(author_api.post(url(board, "generate/"), body, format="json"), 400, "validation_error")
    assert [(error["pointer"], error["code"]) for error in refusal["errors"]] == [("/scenes", "max_value")]
    assert "200" in refusal["detail"]
    assert not Job.objects.exists()


def test_as_many_scenes_as_the_provider_writes_are_accepted(author_api: Api, board: Storyboard):
    body = {"brief": "A harbour at dawn.", "scenes": 200}
    assert author_api.post(url(board, "generate/"), body, format="json").status_code == 202


@pytest.mark.django_db
def test_the_schema_names_the_limits(client: Any):
    schemas = client.get("/api/schema/?format=json").json()["components"]["schemas"]
    assert schemas["GenerateBodyRequest"]["properties"]["scenes"]["maximum"] == 200
    assert schemas["Problem"]["properties"]["errors"]["maxItems"] == 100
    for name in ("formats", "aspect_ratios"):
        assert schemas["RenderBodyRequest"]["properties"][name]["maxItems"] > 1


def address(path: str, board: Storyboard) -> str:
    return path if path.startswith("/") else "/api/v1/" + path.replace("{id}", str(board.pk))
