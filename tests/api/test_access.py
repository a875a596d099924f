"""Every path and verb, for those who may not: nobody, a key without the scope, a stranger, staff without permission."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import URLPattern, get_resolver

from rendering.models import Job, Storyboard
from rendering.workflow import order
from tests.base import Api, person, problem

BOARD, SCENE, CAMPAIGN = "storyboards/{board}/", "storyboards/{board}/scenes/{scene}/", "campaigns/{campaign}/"
VIDEO = "videos/{job}/"
READS = [
    *(("get", path) for path in (CAMPAIGN, BOARD, f"{BOARD}scenes/", SCENE, f"{BOARD}estimate/", f"{BOARD}still.jpg")),
    *(
        ("get", path)
        for path in (
            "jobs/{job}/",
            "jobs/{job}/events/",
            f"{VIDEO}combined",
            f"{VIDEO}files/",
            f"{VIDEO}files/final.mp4",
            f"{VIDEO}clips/",
            f"{VIDEO}clips/scene-001.mp4",
        )
    ),
]
LISTS = [("get", path) for path in ("campaigns/", "storyboards/", "jobs/", "templates/", "templates/picture/")]
CHANGES = [
    *((verb, path) for verb in ("patch", "put", "delete") for path in (CAMPAIGN, BOARD, SCENE)),
    *(("post", f"{BOARD}{deed}/") for deed in ("scenes", "submit", "render", "generate")),
    *(("post", f"jobs/{{job}}/{deed}/") for deed in ("cancel", "retry")),
]
COPIES = [("post", f"{BOARD}duplicate/")]
CREATES = [("post", "campaigns/"), ("post", "storyboards/"), ("post", "templates/closing/render/")]
DECISIONS = [("post", f"{BOARD}{deed}/") for deed in ("approve", "reject", "request-changes")]
EVERY = [*READS, *LISTS, *CHANGES, *COPIES, *CREATES, *DECISIONS]


@pytest.fixture
def names(author_api: Api, approved: Storyboard) -> dict[str, Any]:
    """The ids of the author's things."""
    return {
        "board": approved.pk,
        "scene": approved.scenes.all()[0].pk,
        "campaign": author_api.post("/api/v1/campaigns/", {"name": "Spring"}).json()["id"],
        "job": order.render(approved)[0].pk,
    }


def answers(api: Api, rows: list[tuple[str, str]], names: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """What each verb on each path answers to an empty body, as status and code."""
    found = {}
    for verb, path in rows:
        response = getattr(api, verb)(f"/api/v1/{path.format(**names)}")
        found[verb, path] = (response.status_code, response.json()["code"])
    return found


def test_nobody_gets_anything(api: type[Api], names: dict[str, Any]) -> None:
    assert answers(api(), EVERY, names) == dict.fromkeys(EVERY, (401, "authentication_required"))
    assert api().get("/api/v1/jobs/")["WWW-Authenticate"].startswith("Bearer")


def test_a_key_that_may_only_write_does_not_read(api: type[Api], author: User, names: dict[str, Any]) -> None:
    rows = [*READS, *LISTS]
    assert answers(api(author, "write"), rows, names) == dict.fromkeys(rows, (403, "scope_missing"))


def test_a_key_that_may_only_read_does_not_write(api: type[Api], author: User, names: dict[str, Any]) -> None:
    rows = [*CHANGES, *COPIES, *CREATES, *DECISIONS]
    assert answers(api(author, "read"), rows, names) == dict.fromkeys(rows, (403, "scope_missing"))


def test_what_is_somebody_elses_is_not_there(stranger_api: Api, names: dict[str, Any]) -> None:
    rows = [*READS, *CHANGES, *COPIES]
    assert answers(stranger_api, rows, names) == dict.fromkeys(rows, (404, "not_found"))


def test_staff_without_the_permission_only_look(api: type[Api], names: dict[str, Any]) -> None:
    rows = [*CHANGES, *DECISIONS]
    assert answers(api(person("clerk", staff=True)), rows, names) == dict.fromkeys(rows, (403, "permission_denied"))


def test_a_user_without_any_permission_makes_and_changes_their_own_things(
    api: type[Api], document: dict[str, Any], author: User
) -> None:
    author.groups.clear()
    plain = api(User.objects.get(pk=author.pk), "read", "write")
    campaign = plain.post("/api/v1/campaigns/", {"name": "Spring"})
    assert campaign.status_code == 201, campaign.content
    board = plain.post("/api/v1/storyboards/", document | {"campaign": campaign.json()["id"]})
    assert board.status_code == 201, board.content
    urls = board.json()["urls"]
    assert plain.patch(urls["self"], {"title": "Mine"}).status_code == 200
    assert plain.delete(f"{urls['scenes']}/{board.json()['scenes'][1]['id']}").status_code == 204
    assert plain.post(urls["duplicate"]).status_code == 201
    assert plain.post(urls["submit"]).status_code == 200
    problem(plain.post(urls["approve"], {"revision": 3}), 403, "scope_missing")
    assert plain.post(urls["generate"], {"only": ["image"]}).status_code == 202
    job = Job.objects.get()
    assert plain.post(f"/api/v1/jobs/{job.pk}/cancel/").status_code == 202
    assert plain.post(f"/api/v1/jobs/{job.pk}/retry/").status_code == 202
    assert plain.delete(campaign.json()["urls"]["self"]).status_code in (204, 409)


def test_an_id_that_is_none_is_not_there(author_api: Api) -> None:
    for path in ("storyboards/7/", "jobs/abc/", "campaigns/%00/", "videos/7/combined", "storyboards/7/scenes/"):
        problem(author_api.get(f"/api/v1/{path}"), 404, "not_found")


def test_every_path_works_with_and_without_its_last_slash(author_api: Api, names: dict[str, Any]) -> None:
    for _, path in (*LISTS, *READS[:4], ("get", "jobs/{job}/"), ("get", f"{VIDEO}files/")):
        whole = f"/api/v1/{path.format(**names)}"
        assert author_api.get(whole).status_code == author_api.get(whole.rstrip("/")).status_code == 200


def test_every_path_of_this_api_has_its_row_here() -> None:
    known = {path.format(board="pk", scene="scene", campaign="pk", job="id").rstrip("/") for _, path in EVERY}
    found = {route.replace("videos/job_id", "videos/id").replace("jobs/pk", "jobs/id") for route in routes()}
    found = {route.replace("templates/name/render", "templates/closing/render") for route in found}
    assert found - known <= {
        "templates/name/still.jpg",
        "videos/id/files/name",
        "videos/id/clips/name",
        "templates/name",
    }


def routes() -> Iterator[str]:
    """The patterns under /api/v1/ that speak of rendering, with their parameters' names alone."""
    for group in get_resolver().url_patterns:
        if getattr(getattr(group, "urlconf_module", None), "__name__", "") == "rendering.api.urls":
            for pattern in group.url_patterns:
                assert isinstance(pattern, URLPattern)
                yield "/".join(part.strip("<>").split(":")[-1] for part in str(pattern.pattern).split("/"))
