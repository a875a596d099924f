"""Scopes limit a key, model permissions limit a user, and what is not yours is not there."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from tests.base import Api, problem


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("read", "get", "", 200),
        ("read", "post", "", 403),
        ("write", "get", "", 403),
        ("write", "post", "", 201),
        ("review", "get", "", 403),
        ("review", "post", "", 403),
    ],
)
def test_a_key_does_only_what_its_scopes_say(writer, scope, method, path, status):
    response = getattr(Api(writer, scope), method)("/api/v1/things", {} if method == "post" else None)
    assert response.status_code == status
    if status == 403:
        problem(response, 403, "scope_missing")


def test_a_named_action_needs_its_own_scope(writer):
    writer.user_permissions.add(Permission.objects.get(codename="delete_apikey"))
    client = Api(writer, "read", "write")
    problem(client.post(f"/api/v1/things/{client.key.pk}/approve"), 403, "scope_missing")
    assert Api(writer, "review").post(f"/api/v1/things/{client.key.pk}/approve").status_code == 200


def test_a_scope_gives_no_permission_that_its_user_lacks(writer_api):
    problem(writer_api.post(f"/api/v1/things/{writer_api.key.pk}/approve"), 403, "permission_denied")


def test_people_change_their_own_things_without_more(author_api):
    assert author_api.post("/api/v1/things", {"name": "x"}).status_code == 201
    assert author_api.patch(f"/api/v1/things/{author_api.key.pk}", {"name": "x"}).status_code == 200


def test_staff_need_the_models_permission_to_change_what_is_others(author_api, reviewer_api):
    path = f"/api/v1/things/{author_api.key.pk}"
    assert reviewer_api.get(path).status_code == 200
    problem(reviewer_api.patch(path, {"name": "x"}), 403, "permission_denied")


@pytest.mark.parametrize("method", ["get", "patch", "put"])
def test_a_foreign_id_is_as_unknown_as_one_that_never_was(writer_api, stranger_api, method):
    writer_api.user.refresh_from_db()
    foreign = getattr(writer_api, method)(f"/api/v1/things/{stranger_api.key.pk}", {})
    missing = getattr(writer_api, method)("/api/v1/things/987654", {})
    refusals = [problem(response, 404, "not_found") for response in (foreign, missing)]
    assert [refusal.pop("request_id") != "" for refusal in refusals] == [True, True]
    assert refusals[0] == refusals[1]


def test_everyone_lists_their_own_and_staff_list_all(author_api, stranger_api, reviewer_api):
    ids = {client.user.username: {row["id"] for row in client.get("/api/v1/things").json()["results"]}
           for client in (author_api, stranger_api, reviewer_api)}  # fmt: skip
    assert ids["author"] == {author_api.key.pk}
    assert ids["stranger"] == {stranger_api.key.pk}
    assert ids["reviewer"] == {author_api.key.pk, stranger_api.key.pk, reviewer_api.key.pk}


def test_a_session_does_what_its_user_may(writer):
    browser = Client()
    browser.force_login(writer)
    response = browser.post("/api/v1/things", {"name": "x"}, content_type="application/json")
    assert response.status_code == 201


def test_a_wrong_key_is_refused_even_beside_a_good_session(writer):
    browser = Client(headers={"X-API-Key": "sk_wrong"})
    browser.force_login(writer)
    problem(browser.get("/api/v1/things"), 401, "invalid_api_key")
