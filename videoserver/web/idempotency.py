"""Idempotency-Key: a POST that is sent again gets the first answer again, and is not done again."""

import hashlib
import json
import threading
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpResponse, HttpResponseBase
from rest_framework.request import Request

from videoserver.web.models import KeptAnswer
from videoserver.web.problems import DomainError, Problem, respond

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=60)
RENEWAL = 20.0
RETRY = 5.0
FREED = (409, 412, 429)
"""Refusals before which nothing was done, and which may be none a moment later."""
KEPT_FOR = timedelta(hours=24)
MAX_KEY = 255
HEADERS = ("Content-Type", "Location", "ETag", "WWW-Authenticate")


class BadKey(DomainError):
    """Idempotency-Key must be 1 to 255 visible ASCII characters."""

    code = "invalid_idempotency_key"
    status = 400


class KeyReused(DomainError):
    """This Idempotency-Key was used with another request."""

    code = "idempotency_key_reused"
    status = 422


class KeyInFlight(DomainError):
    """The first request with this Idempotency-Key has not ended yet."""

    code = "idempotency_key_in_flight"
    status = 409


class Replayed(Exception):
    """There is an answer already: no error, but what carries it past the handler."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__("replayed")
        self.response = response


class Attempt:
    """The first request with a key, from before its handler to after its answer. While the process lives it renews
    its lease, so that only what a dead process left behind becomes free."""

    def __init__(self, row: KeptAnswer) -> None:
        self.row = row
        self._mine = KeptAnswer.objects.filter(pk=row.pk, run=row.run)
        self._answer: dict[str, Any] = {}
        self._timer: threading.Timer | None = None
        self._wait(RENEWAL)

    def keep(self, response: HttpResponseBase) -> None:
        """Keep the answer, or free the key: a failure of ours, a "later", and a refusal that the state of things caused
        may be tried again. Never raises for the database's sake: what was done is done, and must be answered."""
        if response.status_code >= 500 or response.status_code in FREED:
            self.forget()
            return
        self._stop()
        if not isinstance(response, HttpResponse):
            # What was ordered by it exists, so the key is not free; but a stream is not kept.
            response = respond(NOT_KEPT)
        headers = {name: response[name] for name in HEADERS if response.has_header(name)}
        self._answer = {"status": response.status_code, "headers": headers, "body": response.content}
        if pause := self._write():
            self._wait(pause)

    def forget(self) -> None:
        """Free the key: nothing was answered. If that fails the lease frees it."""
        self._stop()
        try:
            self._mine.delete()
        except DatabaseError:
            log.exception("A key was not freed", owner=self.row.owner_id)

    def _wait(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._again)
        self._timer.daemon = True
        self._timer.start()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _again(self) -> None:
        try:
            pause = self._write()
        finally:
            connection.close()
        if pause:
            self._wait(pause)

    def _write(self) -> float:
        """Renew the lease, or keep the answer as soon as there is one. Gives the seconds after which it must be done
        again, 0 for never: the answer is kept, or the key has gone."""
        fields = self._answer or {"lease_until": Now() + LEASE}
        try:
            mine = self._mine.filter(status=None).update(**fields)
        except DatabaseError:
            log.exception("A row of Idempotency-Key was not written; it is tried again", owner=self.row.owner_id)
            return RETRY
        return RENEWAL if mine and "status" not in fields else 0.0


def begin(request: Request) -> Attempt | None:
    """Take the request's key. None without one; raises Replayed with the kept answer, KeyInFlight or KeyReused."""
    key = request.headers.get("Idempotency-Key")
    owner = request.user
    if request.method != "POST" or key is None or not isinstance(owner, User):
        return None
    if not 1 <= len(key) <= MAX_KEY or not all("!" <= sign <= "~" for sign in key):
        raise BadKey
    mark = fingerprint(request)
    KeptAnswer.objects.filter(owner=owner, created_at__lt=Now() - KEPT_FOR).delete()
    run = uuid.uuid4()
    fresh = {"fingerprint": mark, "run": run, "lease_until": Now() + LEASE, "created_at": Now()}
    try:
        with transaction.atomic():
            return Attempt(KeptAnswer.objects.create(owner=owner, key=key, **fresh))
    except IntegrityError:
        return _second(KeptAnswer.objects.filter(owner=owner, key=key), mark, run, fresh)


def fingerprint(request: Request) -> str:
    """What makes two requests the same: method, path, and equal JSON or equal fields and files."""
    data: Any = request.data
    if hasattr(data, "lists"):
        content: Any = {
            name: [_of_file(value) if isinstance(value, UploadedFile) else value for value in values]
            for name, values in data.lists()
        }
    else:
        content = _plain(data)
    path = request.path.removesuffix("/")
    query = sorted((name, values) for name, values in request.query_params.lists())
    text = json.dumps([request.method, path, query, content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _second(rows: QuerySet[KeptAnswer], mark: str, run: uuid.UUID, fresh: Mapping[str, Any]) -> Attempt:
    dead = Q(status=None, lease_until__lt=Now()) | Q(created_at__lt=Now() - KEPT_FOR)
    if rows.filter(dead).update(**fresh, status=None):
        return Attempt(rows.get(run=run))
    row = rows.first()
    if row is None:  # freed in this moment: the caller may try again at once
        raise KeyInFlight(headers={"Retry-After": "1"})
    if row.fingerprint != mark:
        raise KeyReused
    if row.status is None:
        raise KeyInFlight(headers={"Retry-After": "1"})
    response = HttpResponse(bytes(row.body), status=row.status)
    for name, value in row.headers.items():
        response[name] = value
    response["Idempotent-Replayed"] = "true"
    raise Replayed(response)


def _plain(value: Any) -> Any:
    """JSON in which equal numbers are written equally."""
    match value:
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case float() if value.is_integer():
            return int(value)
    return value


def _of_file(file: "UploadedFile[Any]") -> list[Any]:
    sha = hashlib.sha256()
    for chunk in file.chunks():
        sha.update(chunk)
    file.seek(0)
    return ["file", sha.hexdigest()]


NOT_KEPT = Problem(
    409, "answer_not_kept", "This was done, but its answer was a stream, which is not kept. Look for the job instead."
)
