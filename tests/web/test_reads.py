"""Reads carry an ETag, so that polling is cheap; writes may be bound to what was read."""

import pytest

from tests.base import problem
from videoserver.access.models import ApiKey


@pytest.fixture
def path(writer_api):
    return f"/api/v1/things/{writer_api.key.pk}"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_who_has_it_already_gets_304(writer_api, path, form):
    first = writer_api.get(path)
    again = writer_api.get(path, headers={"If-None-Match": form.format(first["ETag"])})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert again["Cache-Control"] == first["Cache-Control"] == "private, no-cache"


def test_a_change_changes_the_etag(writer_api, path):
    before = writer_api.get(path)["ETag"]
    ApiKey.objects.filter(pk=writer_api.key.pk).update(name="another")
    after = writer_api.get(path, headers={"If-None-Match": before})
    assert after.status_code == 200
    assert after["ETag"] != before


def test_a_list_has_one_too(writer_api):
    tag = writer_api.get("/api/v1/things")["ETag"]
    assert writer_api.get("/api/v1/things", headers={"If-None-Match": tag}).status_code == 304


def test_a_views_own_etag_is_kept(writer_api):
    assert writer_api.get("/api/v1/version")["ETag"] == '"r7"'
    assert writer_api.get("/api/v1/version", headers={"If-None-Match": '"r7"'}).status_code == 304
    problem(writer_api.get("/api/v1/version", headers={"If-Match": '"r6"'}), 412, "precondition_failed")


def test_a_write_on_another_version_is_412(writer_api, path):
    problem(writer_api.patch(path, {"name": "x"}, headers={"If-Match": '"r0"'}), 412, "precondition_failed")
    assert ApiKey.objects.get(pk=writer_api.key.pk).name == "tests"
    for tag in ('"r1"', "*", '"r0", "r1"'):
        assert writer_api.patch(path, {"name": "x"}, headers={"If-Match": tag}).status_code == 200


def test_an_error_has_no_etag(writer_api):
    response = writer_api.get("/api/v1/things/0")
    assert not response.has_header("ETag")
    assert response["Cache-Control"] == "no-store"


def test_every_answer_names_its_request(writer_api, path):
    first, second = writer_api.get(path)["X-Request-ID"], writer_api.get("/api/v1/things/0")
    assert first != second["X-Request-ID"] == second.json()["request_id"]
