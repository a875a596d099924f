"""Give out the bytes of a stored file: ranges and preconditions of RFC 9110, headers that keep browsers harmless."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

import structlog
from django.core.files.storage import storages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe

from media_assets import identity
from media_assets.exceptions import FileDamaged, FileGone
from media_assets.models import MediaAsset
from media_assets.names import with_suffix
from videoserver.web.problems import Problem, respond

HUGE_DIGITS = 18
BLOCK = 64 * 1024
CACHING = "private, max-age=31536000, immutable"
# No script runs in it; its own origin stays, or a film that is opened by itself could not be fetched by its player.
POLICY = "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'; sandbox allow-same-origin"
SPEC = re.compile(r"([0-9]*)-([0-9]*)", re.ASCII)
STALE = Problem(412, "precondition_failed", "The file is not the one that the precondition names.")
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Served:
    """What is served: a stored file and what is said about it."""

    key: str
    size: int
    checksum: str
    content_type: str
    modified: datetime
    filename: str


class Span(Protocol):
    """An open run of bytes of a stored file."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class OpenFile(Protocol):
    """A span that is a part of a file on this machine."""

    def fileno(self) -> int: ...

    def read(self, size: int) -> bytes: ...


class RangedStorage(Protocol):
    """What every media storage can do beside Django's own storage API."""

    def size(self, name: str) -> int: ...

    def open_span(self, name: str, first: int, length: int) -> Span: ...


def serve(request: HttpRequest, file: Served, storage: RangedStorage | None = None) -> HttpResponseBase:
    """The answer to a GET or HEAD: 200, 206, 304, 412 or 416. A file that is not whole is refused before a byte.

    It lies in the media storage, unless another place is named.
    """
    storage = storage or cast(RangedStorage, storages["media"])
    try:
        length = storage.size(file.key)
    except FileNotFoundError as error:
        identity.check()  # a folder that is not mounted has lost no file
        raise FileGone from error
    if length != file.size:
        log.error("A stored file has another length than its row", key=file.key, stored=length, expected=file.size)
        raise FileDamaged
    headers = _headers(file)
    if early := _precondition(request, headers):
        return early
    asked = request.headers.get("Range") if request.method == "GET" and _if_range(request, headers) else None
    span = chosen(asked, file.size) if asked else None
    if span == ():
        refused = Problem(416, "range_not_satisfiable", f"The file has {file.size} bytes.")
        response: HttpResponseBase = respond(refused)
        response["Content-Range"] = f"bytes */{file.size}"
        response["Accept-Ranges"] = "bytes"
        return response
    first, last = span or (0, file.size - 1)
    headers["Content-Length"] = str(last - first + 1)
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    try:
        opened = storage.open_span(file.key, first, last - first + 1)
    except FileNotFoundError as error:
        identity.check()  # a folder that is not mounted has lost no file
        raise FileGone from error
    if span:
        headers["Content-Range"] = f"bytes {first}-{last}/{file.size}"
    response = FileAnswer(Streamed(opened, file), status=206 if span else 200, headers=headers)
    if hasattr(opened, "fileno"):
        response.file_to_stream = response.streamed
    return response


def chosen(header: str, size: int) -> tuple[int, int] | tuple[()] | None:
    """The first and last byte that a Range asks for; () when none of it exists; None to serve the whole: the header is
    not understood, or asks for several parts."""
    unit, equals, listed = header.partition("=")
    if unit.lower() != "bytes" or not equals:
        return None
    spans = []
    specs = listed.split(",")
    for spec in specs:
        parts = SPEC.fullmatch(spec.strip(" \t"))
        if not parts or spec.strip(" \t") == "-":
            return None
        first, last = _number(parts[1]), _number(parts[2])
        if first is None:
            # The last so many bytes.
            if last and size:
                spans.append((max(0, size - last), size - 1))
        elif last is not None and last < first:
            return None
        elif first < size:
            spans.append((first, size - 1 if last is None else min(last, size - 1)))
    if not spans:
        return ()
    return spans[0] if len(specs) == 1 else None


class Streamed:
    """The chunks of a span; says when the last one went out, and gives the handle back however it ends."""

    def __init__(self, span: Span, file: Served) -> None:
        self.span, self.file = span, file

    def __iter__(self) -> Iterator[bytes]:
        yield from self.span
        self.delivered()

    def delivered(self) -> None:
        """The last byte went out; a server that sends from the file itself says so here."""
        kind = self.file.content_type.partition("/")[0]
        log.info(f"Successfully streamed {kind} file: {self.file.key}")

    def fileno(self) -> int:
        """The file, which stands at the span's first byte, when there is one on this machine."""
        return cast(OpenFile, self.span).fileno()

    def read(self, size: int) -> bytes:
        """For a server that asks for blocks."""
        return cast(OpenFile, self.span).read(size)

    def close(self) -> None:
        """Called by Django when the answer has ended or the client has gone."""
        self.span.close()


class FileAnswer(StreamingHttpResponse):
    """Chunks, or the file itself where the server can send that: Django gives it to `wsgi.file_wrapper`."""

    block_size = BLOCK

    def __init__(self, streamed: Streamed, **fields: Any) -> None:
        super().__init__(streamed, **fields)
        self.streamed = streamed
        self.file_to_stream: Streamed | None = None


def _headers(file: Served) -> dict[str, str]:
    return {
        "Content-Type": file.content_type,
        "Accept-Ranges": "bytes",
        "ETag": f'"{file.checksum[:32]}"',
        "Last-Modified": http_date(int(file.modified.timestamp())),
        "Cache-Control": CACHING,
        "Content-Disposition": content_disposition_header(False, file.filename) or "inline",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
    }


def _precondition(request: HttpRequest, headers: dict[str, str]) -> HttpResponseBase | None:
    """304 or 412, when a precondition says so, in the order of RFC 9110."""
    plain = HttpResponse(headers={name: value for name, value in headers.items() if name != "Content-Type"})
    modified = parse_http_date_safe(headers["Last-Modified"])
    answer: Any = get_conditional_response(request, headers["ETag"], modified, plain)
    if answer is plain:
        return None
    return respond(STALE) if answer.status_code == 412 else answer


def _if_range(request: HttpRequest, headers: dict[str, str]) -> bool:
    """May the Range be answered: the client's part is of this very file. A weak tag never matches."""
    condition = request.headers.get("If-Range")
    return condition is None or condition.strip() in (headers["ETag"], headers["Last-Modified"])


def _number(digits: str) -> int | None:
    """No string of digits is too long to be larger than every file."""
    if not digits:
        return None
    return int(digits) if len(digits.lstrip("0")) <= HUGE_DIGITS else 10**HUGE_DIGITS


def original(asset: MediaAsset) -> Served:
    """The asset's own bytes, under its name with the suffix of what it is."""
    name = with_suffix(asset.name, Path(asset.key).suffix)
    return Served(asset.key, asset.size, asset.checksum, asset.content_type, asset.created_at, name)


def thumbnail(asset: MediaAsset) -> Served:
    """Its small picture. It is hashed now: it is small, and no row keeps its hash."""
    try:
        with storages["media"].open(asset.thumbnail_key) as file:
            data = file.read()
    except FileNotFoundError as error:
        identity.check()  # a folder that is not mounted has lost no file
        raise FileGone from error
    digest = hashlib.sha256(data).hexdigest()
    return Served(asset.thumbnail_key, len(data), digest, "image/jpeg", asset.created_at, f"{asset.pk}.jpg")
