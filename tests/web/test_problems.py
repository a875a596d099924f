"""Every error is a problem: a code, a sentence, the place in the body, and nothing of our insides."""

import json
import logging
import sqlite3
from contextlib import closing

import psycopg
import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousFileOperation
from django.core.exceptions import ValidationError as ModelError
from django.db import IntegrityError, OperationalError
from django.test import Client

from tests.base import Api, problem
from videoserver.web.problems import Problem, describe, flatten, pointer


def test_every_wrong_field_is_named_by_its_pointer(writer_api):
    body = {"name": "x" * 101, "parts": [{"at": 1}, {"at": "soon", "tags": ["ok", "long word"]}, {}]}
    refusal = problem(writer_api.post("/api/v1/things", body), 400, "validation_error")
    assert [(error["pointer"], error["code"]) for error in refusal["errors"]] == [
        ("/name", "max_length"),
        ("/parts/1/at", "invalid"),
        ("/parts/1/tags/1", "max_length"),
        ("/parts/2/at", "required"),
    ]
    assert refusal["detail"] == "/name: Ensure this field has no more than 100 characters. (and 3 more)"


def test_pointers_escape_as_rfc_6901_says():
    assert pointer("a/b", "c~d", 0) == "/a~1b/c~0d/0"


def test_an_error_of_the_whole_body_points_at_the_whole_body():
    assert flatten({"non_field_errors": ["No."], "scenes": {"non_field_errors": ["Too few."]}}) == [
        {"pointer": "", "code": "invalid", "detail": "No."},
        {"pointer": "/scenes", "code": "invalid", "detail": "Too few."},
    ]


def test_a_models_own_validation_is_a_400_with_pointers():
    refusal = describe(ModelError({"name": [ModelError("Too long.", code="max_length")]}))
    assert refusal is not None
    assert (refusal.status, refusal.errors) == (
        400,
        [{"pointer": "/name", "code": "max_length", "detail": "Too long."}],
    )


def test_a_domain_error_answers_with_its_own_code_and_sentence(writer_api):
    refusal = problem(writer_api.post("/api/v1/things/fail/domain"), 409, "outdated")
    assert refusal["detail"] == "Somebody changed it first. Read it again."
    assert refusal["title"] == "Conflict"


def test_an_error_of_a_lower_floor_is_understood_by_its_form(writer_api):
    refusal = problem(writer_api.post("/api/v1/things/fail/own"), 507, "storage_full")
    assert refusal["errors"][0]["pointer"] == "/scenes/3/params/image"


def test_an_unexpected_error_is_logged_and_not_told(writer_api, caplog):
    writer_api.raise_request_exception = False
    with caplog.at_level(logging.ERROR):
        response = writer_api.post("/api/v1/things/fail/unexpected")
    refusal = problem(response, 500, "internal_error")
    assert "swordfish" not in response.content.decode()
    failed = next(record for record in caplog.records if "request_failed" in str(record.msg))
    assert failed.msg["request_id"] == refusal["request_id"]
    assert "swordfish" in str(failed.exc_info) + str(failed.msg.get("exc_info"))


def test_tests_see_an_unexpected_error_as_it_is(writer_api):
    with pytest.raises(RuntimeError, match="swordfish"):
        writer_api.post("/api/v1/things/fail/unexpected")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_plain_view_under_api_that_breaks_answers_a_problem_too():
    client = Client(raise_request_exception=False)
    problem(client.get("/api/v1/breaks"), 500, "internal_error")
    assert client.get("/breaks")["Content-Type"].startswith("text/html")


def test_an_unknown_caller_gets_401_and_a_challenge():
    response = Api().get("/api/v1/things")
    assert problem(response, 401, "authentication_required")["detail"] == "Authentication required"
    assert response["WWW-Authenticate"] == 'Bearer realm="videoserver"'


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/nothing/", "/api/", "/api/v1/things/1/2/3"])
@pytest.mark.parametrize("debug", [True, False])
def test_a_wrong_path_is_not_found_with_debug_too(writer_api, settings, path, debug):
    settings.DEBUG = debug
    assert problem(writer_api.get(path), 404, "not_found")["detail"] == "Not found."


@pytest.mark.parametrize("key", ["0", "99999999999999999999999999", "abc", "1e3", "%00", "-1"])
def test_an_unknown_id_is_not_found(writer_api, key):
    assert problem(writer_api.get(f"/api/v1/things/{key}"), 404, "not_found")["detail"] == "Not found."


def test_a_wrong_method_is_405_and_says_what_is_allowed(author_api):
    response = author_api.delete("/api/v1/things")
    problem(response, 405, "method_not_allowed")
    assert "POST" in response["Allow"]


def test_a_body_of_another_kind_is_415(writer_api):
    problem(writer_api.post("/api/v1/things", "a: 1", content_type="application/yaml"), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b'{"name": NaN}',
        b'{"name": 1e999}',
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"name": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_cannot_be_read_or_kept_is_400(writer_api, body):
    problem(writer_api.post("/api/v1/things", body, content_type="application/json"), 400, "parse_error")


def test_a_huge_body_is_413(writer_api):
    body = json.dumps({"name": "x" * 5 * 1024**2})
    problem(writer_api.post("/api/v1/things", body, content_type="application/json"), 413, "too_large")


def test_an_array_where_an_object_belongs_is_400(writer_api):
    problem(writer_api.post("/api/v1/things", [1]), 400, "validation_error")


@pytest.mark.parametrize(
    ("error", "status"),
    [(SuspiciousFileOperation("/etc/passwd"), 400), (PermissionDenied("secret"), 403), (RequestDataTooBig("9"), 413)],
)
def test_djangos_own_refusals_keep_their_texts_to_themselves(error, status):
    refusal = describe(error)
    assert refusal is not None
    assert refusal.status == status
    assert str(error) not in refusal.detail


def test_nobody_expected_a_plain_exception():
    assert describe(RuntimeError("x")) is None
    assert describe(KeyError("x")) is None


def test_a_write_by_session_needs_its_csrf_token(writer):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(writer)
    assert browser.get("/api/v1/things").status_code == 200
    response = browser.post("/api/v1/things", {"name": "x"}, content_type="application/json")
    problem(response, 403, "csrf_failed")


def full_sqlite() -> sqlite3.Error:
    """What SQLite says when a table finds no page."""
    tables = "".join(f"CREATE TABLE t{number} (x);" for number in range(9))
    with pytest.raises(sqlite3.OperationalError) as full, closing(sqlite3.connect(":memory:")) as small:
        small.executescript(f"PRAGMA max_page_count = 2; {tables}")
    return full.value


@pytest.mark.parametrize("said", [full_sqlite, psycopg.errors.DiskFull])
def test_a_database_without_room_is_a_full_storage(said):
    error = OperationalError("…")
    error.__cause__ = said()
    assert describe(error) == Problem(507, "storage_full", "The storage is full.")
    assert describe(OperationalError("gone")).code == "database_away"


def orphan() -> sqlite3.Error:
    """What SQLite says of a row whose other one is gone."""
    with closing(sqlite3.connect(":memory:")) as family:
        family.executescript(
            "PRAGMA foreign_keys = 1; CREATE TABLE a (i INTEGER PRIMARY KEY); CREATE TABLE b (a REFERENCES a)"
        )
        with pytest.raises(sqlite3.IntegrityError) as refused:
            family.execute("INSERT INTO b VALUES (5)")
    return refused.value


@pytest.mark.parametrize("said", [orphan, psycopg.errors.ForeignKeyViolation])
def test_who_refers_to_what_was_deleted_meanwhile_is_told_to_look_again(said):
    error = IntegrityError("…")
    error.__cause__ = said()
    assert describe(error) == Problem(409, "outdated", "Somebody changed it first. Read it again, then decide.")
    assert describe(IntegrityError("another")) is None
