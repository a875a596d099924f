"""Every error becomes an `application/problem+json` answer (RFC 9457) with a stable code and JSON pointers."""

import errno
import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar, NamedTuple
from uuid import uuid4

import structlog
from django.core import exceptions as django_errors
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse, UnreadablePostError
from django.utils.encoding import force_str
from rest_framework import exceptions as rest_errors
from rest_framework.fields import get_error_detail

from videoserver.web import database_errors
from videoserver.web.error_list import MOST_ERRORS, shown_detail, summary
from videoserver.web.field_errors import FieldError, first_errors, sentence_of, shown
from videoserver.web.field_errors import flatten as flatten
from videoserver.web.field_errors import pointer as pointer

logger = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"


class DomainError(Exception):
    """A refusal that a person understands: subclasses name their `code`, HTTP `status` and sentence."""

    code: str = "domain_error"
    status: int = HTTPStatus.BAD_REQUEST
    default_detail: ClassVar[str] = ""

    def __init__(
        self,
        detail: str = "",
        *,
        code: str = "",
        status: int = 0,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        found = list(errors)
        self.detail = summary(detail or self.default_detail or (type(self).__doc__ or "").strip(), len(found))
        self.code = code or self.code
        self.status = status or self.status
        self.errors = found[:MOST_ERRORS]
        self.headers = dict(headers or {})
        super().__init__(self.detail)


class Problem(NamedTuple):
    """What is said about an error, before it is bound to a request."""

    status: int
    code: str
    detail: str
    errors: list[FieldError] = []
    headers: dict[str, str] = {}


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer any exception of a view; what nobody expected is logged whole and answered without its text."""
    problem = describe(error)
    if problem is None:
        # The signal makes the request log hold the traceback, and lets the test client raise it.
        got_request_exception.send(sender=type(context.get("view")), request=_plain(context.get("request")))
        problem = INTERNAL_ERROR
    elif problem is DATABASE_AWAY:
        logger.error("The database does not answer", error=str(error))
    elif problem is DATABASE_OUTDATED:
        logger.error("The database does not fit this version", error=str(error))
    elif problem is DISK_FULL:
        logger.error("A disk is full", error=str(error))
    response = respond(problem)
    if problem is not INTERNAL_ERROR:
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django's log calls each 5xx an error, again
    return response


def describe(error: Exception) -> Problem | None:
    """The problem that an exception stands for, or None when nobody expected it."""
    if isinstance(error, rest_errors.APIException):
        return _from_rest(error)
    if isinstance(error, django_errors.ValidationError):
        return _from_rest(rest_errors.ValidationError(get_error_detail(error)))
    if _speaks_for_itself(error):
        return Problem(
            error.status,  # type: ignore[attr-defined]
            error.code,  # type: ignore[attr-defined]
            error.detail,  # type: ignore[attr-defined]
            list(getattr(error, "errors", ())),
            {name: str(value) for name, value in (getattr(error, "headers", None) or {}).items()},
        )
    if _finds_no_room(error):
        return DISK_FULL
    if database_errors.refers_to_what_is_gone(error):
        return OUTDATED
    if database_errors.lacks_a_table_or_column(error):
        return DATABASE_OUTDATED
    if database_errors.is_a_wrong_statement(error):
        return None
    return next((problem for kind, problem in PLAIN_DJANGO.items() if isinstance(error, kind)), None)


def respond(problem: Problem) -> HttpResponse:
    """The answer itself. It is rendered here, so that no content negotiation can stand in its way."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase if problem.status in _KNOWN else "Error",
        "status": problem.status,
        "detail": shown_detail(problem.detail),
        "code": problem.code,
        "errors": [shown(error) for error in problem.errors[:MOST_ERRORS]],
        "request_id": request_id(),
    }
    response = HttpResponse(json.dumps(body, ensure_ascii=False), status=problem.status, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    for name, value in problem.headers.items():
        response[name] = value
    return response


def request_id() -> str:
    """The id under which this request stands in the log."""
    return str(structlog.contextvars.get_contextvars().get("request_id") or uuid4())


def _from_rest(error: rest_errors.APIException) -> Problem:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(challenge)
    if isinstance(error, rest_errors.ValidationError):
        errors, total = first_errors(error.detail)
        return Problem(error.status_code, "validation_error", sentence_of(errors, total), errors, headers)
    if isinstance(error, rest_errors.Throttled):
        headers["Retry-After"] = str(max(1, int(getattr(error, "wait", None) or 1)))
        return Problem(429, "throttled", "Too many requests. Try again later.", [], headers)
    if isinstance(error, rest_errors.NotAuthenticated):
        return Problem(error.status_code, "authentication_required", "Authentication required", [], headers)
    code = error.get_codes()
    detail = error.detail
    return Problem(
        error.status_code,
        code if isinstance(code, str) else error.default_code,
        force_str(detail) if isinstance(detail, str) else sentence_of(*first_errors(detail)),
        [],
        headers,
    )


def _speaks_for_itself(error: Exception) -> bool:
    status = getattr(error, "status", None)
    return (
        isinstance(status, int)
        and 400 <= status <= 599
        and isinstance(getattr(error, "code", None), str)
        and isinstance(getattr(error, "detail", None), str)
    )


def _finds_no_room(error: Exception) -> bool:
    """Whether a disk is full: that of the files or of the database."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or database_errors.says(error, "SQLITE_FULL", "53100")


def _plain(request: Any) -> Any:
    return getattr(request, "_request", request)


_KNOWN = {status.value for status in HTTPStatus}
NOT_FOUND = Problem(404, "not_found", "Not found.")
FORBIDDEN = Problem(403, "permission_denied", "You do not have permission to perform this action.")
MALFORMED = Problem(400, "bad_request", "The request cannot be read.")
TOO_LARGE = Problem(413, "too_large", "The request is too large.")
INTERNAL_ERROR = Problem(500, "internal_error", "Something went wrong here. The log holds the details.")
DATABASE_AWAY = Problem(
    503, "database_away", "The database does not answer. Try again in a moment.", [], {"Retry-After": "5"}
)
DATABASE_OUTDATED = Problem(
    503,
    "database_outdated",
    "The database does not fit this version of the server. Its operator must migrate it; `manage.py doctor` says more.",
    [],
    {"Retry-After": "60"},
)
OUTDATED = Problem(409, "outdated", "Somebody changed it first. Read it again, then decide.")
DISK_FULL = Problem(507, "storage_full", "The storage is full.")
# Their own texts may hold what is not the caller's business, so they are replaced. The order matters: first match.
PLAIN_DJANGO: dict[type[Exception], Problem] = {
    Http404: NOT_FOUND,
    django_errors.PermissionDenied: FORBIDDEN,
    django_errors.RequestDataTooBig: TOO_LARGE,
    django_errors.TooManyFieldsSent: TOO_LARGE,
    django_errors.TooManyFilesSent: TOO_LARGE,
    django_errors.SuspiciousOperation: MALFORMED,
    UnreadablePostError: MALFORMED,
    OperationalError: DATABASE_AWAY,
    InterfaceError: DATABASE_AWAY,
}
