"""Lists: pages that do not shift, orderings, filters, and a 400 for everything unknown."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from tests.base import problem
from videoserver.access.models import ApiKey


@pytest.fixture
def things(author):
    """Seven things; three have the same moment, three the same name."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    names = ["b", "a", "b", "d", "b", "e", "c"]
    hours = [0, 1, 2, 2, 2, 3, 4]
    made = [ApiKey.objects.issue(author, name)[0] for name in names]
    for thing, hour in zip(made, hours, strict=True):
        ApiKey.objects.filter(pk=thing.pk).update(created_at=start + timedelta(hours=hour))
    return made


@pytest.fixture
def reader(author_api, things):
    """The author's client; its own key is in no list of things."""
    ApiKey.objects.filter(pk=author_api.key.pk).update(owner=author_api.user, name="z", created_at="2020-01-01T00:00Z")
    return author_api


@pytest.mark.parametrize("ordering", ["created_at", "-created_at", "name", "-name"])
def test_pages_hold_every_row_once_in_order_and_lead_back(reader, ordering):
    whole = reader.get(f"/api/v1/things?ordering={ordering}").json()
    assert whole["next"] is whole["previous"] is None
    pages, page = [], reader.get(f"/api/v1/things?page_size=3&ordering={ordering}").json()
    assert page["previous"] is None
    pages.append(page["results"])
    while page["next"]:
        page = reader.get(page["next"]).json()
        pages.append(page["results"])
    assert [len(rows) for rows in pages] == [3, 3, 2]
    assert [row for rows in pages for row in rows] == whole["results"]
    back = []
    while page["previous"]:
        page = reader.get(page["previous"]).json()
        back.append(page["results"])
    assert back == [pages[1], pages[0]]
    assert page["next"]


def test_a_row_that_appears_does_not_shift_the_next_page(reader, author):
    first = reader.get("/api/v1/things?page_size=3").json()
    expected = reader.get(first["next"]).json()["results"]
    ApiKey.objects.issue(author, "new")
    assert reader.get(first["next"]).json()["results"] == expected


def test_the_newest_comes_first(reader):
    moments = [row["created_at"] for row in reader.get("/api/v1/things").json()["results"]]
    assert moments == sorted(moments, reverse=True)


def test_filters_narrow_a_list(reader):
    assert len(reader.get("/api/v1/things?name=b").json()["results"]) == 3
    assert len(reader.get("/api/v1/things?created_after=2026-01-01T02:00:00Z").json()["results"]) == 2
    assert len(reader.get("/api/v1/things?created_before=2026-01-01T02:00:00Z").json()["results"]) == 3
    assert len(reader.get("/api/v1/things?search=D").json()["results"]) == 1
    assert len(reader.get("/api/v1/things?owner=author").json()["results"]) == 8


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "page=2",
        "ordering=secret",
        "ordering=",
        "ordering=--name",
        "page_size=0",
        "page_size=201",
        "page_size=ten",
        "page_size=",
        "page_size=٣",
        "cursor=",
        "cursor=abc",
        "cursor=WzFd",
        "cursor=%00",
        "created_after=yesterday",
        "search=" + "x" * 201,
    ],
)
def test_an_unknown_name_or_value_is_a_400_that_names_it(reader, query):
    refusal = problem(reader.get(f"/api/v1/things?{query}"), 400, "validation_error")
    assert query.partition("=")[0] in refusal["detail"]


EARLY, LATE = "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"


@pytest.mark.parametrize("name", ["created_after", "created_before"])
@pytest.mark.parametrize("moment", [EARLY, LATE])
def test_a_moment_that_has_no_utc_is_refused(reader, name, moment):
    refusal = problem(reader.get("/api/v1/things", {name: moment}), 400, "validation_error")
    assert name in refusal["detail"]


@pytest.mark.parametrize(
    "place",
    [
        "[" * 1200,
        '["-created_at", false, null, null]',
        '["-created_at", false, "2026-01-01T00:00:00Z", null]',
        '["-created_at", false, null, 1]',
        '["-created_at", false, "2026-01-01", 1]',
        '["-created_at", false, [], 1]',
        '["-created_at", false, NaN, 1]',
        f'["-created_at", false, "{EARLY}", 1]',
        f'["-created_at", true, "{LATE}", 1]',
        '["-created_at", false, "2026-01-01T00:00:00Z", 1, 2]',
        "{}",
        "null",
    ],
)
def test_a_cursor_that_no_page_gave_is_refused(reader, place):
    cursor = base64.urlsafe_b64encode(place.encode()).decode()
    problem(reader.get("/api/v1/things", {"cursor": cursor}), 400, "validation_error")


@pytest.mark.parametrize("name", ['"\\u0000"', '"\\ud800"', "null", "1e999"])
def test_a_cursor_holds_only_what_a_row_may_hold(reader, name):
    cursor = base64.urlsafe_b64encode(f'["name", false, {name}, 1]'.encode()).decode()
    problem(reader.get("/api/v1/things", {"cursor": cursor, "ordering": "name"}), 400, "validation_error")


def test_a_cursor_of_another_ordering_is_refused(reader):
    cursor = reader.get("/api/v1/things?page_size=1&ordering=name").json()["next"]
    problem(reader.get(cursor.replace("ordering=name", "ordering=-name")), 400, "validation_error")


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options"])
def test_every_path_works_with_and_without_its_last_slash(reader, things, method):
    for path in ("/api/v1/things", f"/api/v1/things/{things[0].pk}", "/api/v1/version"):
        plain, slashed = (getattr(reader, method)(path + end).status_code for end in ("", "/"))
        assert plain == slashed
        assert plain not in (301, 302, 308, 404)
    assert reader.get("/api/v1/things//").status_code == 404
