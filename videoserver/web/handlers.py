"""What Django answers where no view of the API does: problems under `/api/`, pages elsewhere."""

from __future__ import annotations

import sys
from typing import Any

from django.db import InterfaceError, OperationalError, ProgrammingError
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from django.views.csrf import csrf_failure as html_csrf_failure

from videoserver.web.problems import (
    FORBIDDEN,
    INTERNAL_ERROR,
    MALFORMED,
    NOT_FOUND,
    Problem,
    describe,
    respond,
)

API_PREFIX = "/api/"


def not_found(request: HttpRequest, exception: Exception | None = None, **_: Any) -> HttpResponse:
    """404: the last route of the API, and `handler404`."""
    if request.path.startswith(API_PREFIX):
        return respond(NOT_FOUND)
    return defaults.page_not_found(request, exception or Http404())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler403`."""
    if request.path.startswith(API_PREFIX):
        return respond(FORBIDDEN)
    return defaults.permission_denied(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`."""
    if request.path.startswith(API_PREFIX):
        return respond(describe(exception) or MALFORMED)
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`."""
    error = sys.exception()
    problem = describe(error) if isinstance(error, OperationalError | InterfaceError | ProgrammingError) else None
    if request.path.startswith(API_PREFIX):
        return respond(problem or INTERNAL_ERROR)
    if problem:
        return HttpResponse(
            problem.detail, status=problem.status, content_type="text/plain", headers=problem.headers or None
        )
    return defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What `CSRF_FAILURE_VIEW` names."""
    if request.path.startswith(API_PREFIX):
        return respond(Problem(403, "csrf_failed", "The CSRF token is missing or wrong."))
    return html_csrf_failure(request, reason)
