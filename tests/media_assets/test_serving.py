"""Ranges and preconditions, row by row of RFC 9110's rules, on a file of 1000 bytes."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.utils.http import http_date

from media_assets.exceptions import FileDamaged, FileGone
from media_assets.serving import Served, serve

pytestmark = pytest.mark.django_db  # the end of an answer closes old connections
DATA = bytes(range(250)) * 4
MODIFIED = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
ETAG = f'"{hashlib.sha256(DATA).hexdigest()[:32]}"'
STAMP = http_date(MODIFIED.timestamp())
EARLIER, LATER = (http_date((MODIFIED + timedelta(hours=hours)).timestamp()) for hours in (-1, 1))
KEPT = ("ETag", "Last-Modified", "Cache-Control", "Content-Type", "Accept-Ranges", "X-Content-Type-Options")


def stored(data: bytes = DATA, name: str = "pier.mp4") -> Served:
    key = f"media/1/2/original-{os.urandom(4).hex()}.mp4"
    storages["media"].save(key, ContentFile(data))
    return Served(key, len(data), hashlib.sha256(data).hexdigest(), "video/mp4", MODIFIED, name)


def ask(file: Served, method: str = "GET", **headers: str) -> HttpResponseBase:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return serve(RequestFactory().generic(method, "/data", headers=sent), file)


def body(response: Any) -> bytes:
    read = b"".join(response) if response.streaming else response.content
    response.close()
    return bytes(read)


@pytest.fixture
def film() -> Served:
    return stored()


def test_a_get_gives_everything(film: Served) -> None:
    response = ask(film)
    assert response.status_code == 200 and body(response) == DATA
    assert response["Content-Length"] == "1000" and response["Accept-Ranges"] == "bytes"
    assert (response["ETag"], response["Last-Modified"]) == (ETAG, STAMP)
    assert response["Content-Type"] == "video/mp4"
    assert "private" in response["Cache-Control"] and "public" not in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert (
        "sandbox" in response["Content-Security-Policy"] and "default-src 'none'" in response["Content-Security-Policy"]
    )
    assert response["Content-Disposition"] == 'inline; filename="pier.mp4"'
    assert not response.has_header("Content-Encoding")


def test_a_head_says_the_same_and_sends_nothing(film: Served) -> None:
    got, head, ranged = ask(film), ask(film, "HEAD"), ask(film, "HEAD", Range="bytes=0-1")
    assert dict(head.items()) == dict(got.items()) == dict(ranged.items())
    assert (head.status_code, ranged.status_code) == (200, 200)
    assert body(head) == body(ranged) == b""
    got.close()


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-1", 0, 1),
        ("bytes=0-", 0, 999),
        ("bytes=999-", 999, 999),
        ("bytes=-10", 990, 999),
        ("bytes=-5000", 0, 999),
        ("bytes=990-1990", 990, 999),
        ("bytes=0-10001", 0, 999),
        ("Bytes=0-1", 0, 1),
        ("bytes=0-99999999999999999999999999", 0, 999),
        ("bytes=-" + "9" * 5000, 0, 999),
    ],
)
def test_a_part(film: Served, asked: str, first: int, last: int) -> None:
    response, whole = ask(film, Range=asked), ask(film)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/1000"
    assert response["Content-Length"] == str(last - first + 1)
    assert body(response) == DATA[first : last + 1]
    assert [response[name] for name in KEPT] == [whole[name] for name in KEPT]
    whole.close()


@pytest.mark.parametrize(
    "asked", ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=5000-,6000-", "bytes=" + "9" * 5000 + "-"]
)
def test_a_part_that_is_not_there(film: Served, asked: str) -> None:
    response = ask(film, Range=asked)
    assert response.status_code == 416 and response["Content-Range"] == "bytes */1000"
    response.close()


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=5-2", "bytes=abc", "bytes=10", "bytes=", "bytes=-", "bytes=1-2-3", "bytes=0x1-2", "bytes=+1-2",
        "bytes=1 -2", "bytes", "", "items=0-1", "seconds=0-1", "bytes=\u0661-\u0662", "bytes=0-9,-10,10-19",
        "bytes=0-9,5000-", "bytes=0-1,bytes=4-5", "bytes=" + ",".join(["0-999"] * 200),
    ],
)  # fmt: skip
def test_what_is_not_one_part_gives_everything(film: Served, asked: str) -> None:
    response = ask(film, Range=asked)
    assert response.status_code == 200 and not response.has_header("Content-Range")
    assert body(response) == DATA


def test_an_empty_file() -> None:
    nothing = stored(b"")
    response = ask(nothing)
    assert (response.status_code, response["Content-Length"], body(response)) == (200, "0", b"")
    for asked in ("bytes=0-", "bytes=-1"):
        response = ask(nothing, Range=asked)
        assert (response.status_code, response["Content-Range"]) == (416, "bytes */0")


@pytest.mark.parametrize("tags", [ETAG, f"W/{ETAG}", f'"other", {ETAG}', "*"])
def test_who_has_it_gets_nothing(film: Served, tags: str) -> None:
    for extra in ({}, {"Range": "bytes=0-1"}):
        response = ask(film, If_None_Match=tags, **extra)
        assert response.status_code == 304 and body(response) == b""
        assert response["ETag"] == ETAG and response["Cache-Control"] == ask_header(film, "Cache-Control")


def ask_header(film: Served, name: str) -> str:
    response = ask(film, "HEAD")
    return response[name]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": LATER}, 200),
        ({"If-Modified-Since": STAMP}, 304),
        ({"If-Modified-Since": EARLIER}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": ETAG}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": f"W/{ETAG}"}, 412),
        ({"If-Unmodified-Since": EARLIER}, 412),
        ({"If-Unmodified-Since": STAMP}, 200),
        ({"If-Match": ETAG, "If-Unmodified-Since": EARLIER}, 200),
        ({"If-Range": ETAG, "Range": "bytes=0-1"}, 206),
        ({"If-Range": '"other"', "Range": "bytes=0-1"}, 200),
        ({"If-Range": f"W/{ETAG}", "Range": "bytes=0-1"}, 200),
        ({"If-Range": STAMP, "Range": "bytes=0-1"}, 206),
        ({"If-Range": LATER, "Range": "bytes=0-1"}, 200),
        ({"If-Range": EARLIER, "Range": "bytes=0-1"}, 200),
        ({"If-Range": "garbage", "Range": "bytes=0-1"}, 200),
        ({"If-Range": ETAG}, 200),
        ({"If-Range": '"other"', "Range": "bytes=5000-"}, 200),
        ({"If-Range": ETAG, "Range": "bytes=5000-"}, 416),
    ],
)
def test_preconditions(film: Served, headers: dict[str, str], status: int) -> None:
    response = ask(film, **headers)
    assert response.status_code == status
    expected = {200: DATA, 206: DATA[:2], 304: b""}
    if status in expected:
        assert body(response) == expected[status]
    response.close()


def test_four_parts_are_the_whole(film: Served) -> None:
    parts = [body(ask(film, Range=f"bytes={first}-{first + 249}")) for first in (0, 250, 500, 750)]
    assert hashlib.sha256(b"".join(parts)).hexdigest() == film.checksum


def test_far_into_a_large_file(library: Path) -> None:
    film = stored(b"x")
    size = 5 * 1024**3
    with (library / film.key).open("r+b") as file:
        file.truncate(size)
        file.seek(4294967290)
        file.write(b"0123456789A")
    large = Served(film.key, size, film.checksum, film.content_type, MODIFIED, "large.mp4")
    response = ask(large, Range="bytes=4294967290-4294967300")
    assert response.status_code == 206 and body(response) == b"0123456789A"


def test_a_client_that_leaves_takes_its_handle_along(film: Served, caplog: Any) -> None:
    big = stored(os.urandom(300_000))
    response: Any = ask(big)
    assert len(next(iter(response))) == 64 * 1024
    assert handles(big) == 1
    response.close()
    assert handles(big) == 0 and not caplog.records
    assert body(ask(film)) == DATA


def handles(file: Served) -> int:
    """How often this process has the stored file open."""
    opened = (str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return sum(target.endswith(file.key) for target in opened)


def test_a_file_of_another_length_is_refused_before_a_byte(film: Served, library: Path) -> None:
    with (library / film.key).open("ab") as file:
        file.write(b"more")
    for method in ("GET", "HEAD"):
        with pytest.raises(FileDamaged):
            ask(film, method)
    storages["media"].delete(film.key)
    with pytest.raises(FileGone):
        ask(film)


def test_names_in_every_script_and_none_that_ends_the_header() -> None:
    for name, said in [
        ("pier.mp4", 'inline; filename="pier.mp4"'),
        ('a"b\\c.mp4', 'inline; filename="a\\"b\\\\c.mp4"'),
        ("été.mp4", "inline; filename*=utf-8''%C3%A9t%C3%A9.mp4"),
    ]:
        response = ask(stored(name=name), "HEAD")
        assert response["Content-Disposition"] == said
