"""Templates over HTTP: what there is, and what each takes."""

from django.contrib.auth.models import User

from tests.base import Api, problem


def test_every_template_says_what_it_takes(author_api: Api) -> None:
    body = author_api.get("/api/v1/templates/").json()
    found = {each["name"]: each for each in body["results"]}
    assert {"picture", "footage", "closing"} <= set(found)
    picture = found["picture"]["schema"]
    assert picture["additionalProperties"] is False
    assert picture["required"] == ["image"]
    assert picture["properties"]["image"]["x-asset"] == "image"
    assert "zoom_in" in picture["properties"]["motion"]["enum"]
    assert author_api.get(found["picture"]["urls"]["self"]).json() == found["picture"]


def test_an_unknown_template_is_not_there(author_api: Api) -> None:
    problem(author_api.get("/api/v1/templates/movie/"), 404, "not_found")
    problem(author_api.get("/api/v1/templates/?colour=red"), 400, "validation_error")


def test_templates_are_for_callers(api: type[Api], author: User) -> None:
    problem(api().get("/api/v1/templates/"), 401, "authentication_required")
    problem(api(author, "write").get("/api/v1/templates/"), 403, "scope_missing")
