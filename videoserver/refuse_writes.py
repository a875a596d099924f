"""Refuse what would write while this process has another storage or another secret than the others of its database."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from media_assets import identity
from media_assets.exceptions import StorageMismatch
from videoserver.web.handlers import API_PREFIX
from videoserver.web.problems import Problem, respond
from videoserver.work import agreement
from videoserver.work.agreement import SecretMismatch

READING = {"GET", "HEAD", "OPTIONS"}
CHECKS: tuple[tuple[Callable[[], str], type[SecretMismatch] | type[StorageMismatch], str], ...] = (
    (agreement.secret_problem, SecretMismatch, SecretMismatch.detail),
    (identity.problem, StorageMismatch, StorageMismatch.sentence),
)


class RefuseWrites:
    """Middleware. Reading goes on; a film that is not there because its folder is not mounted is told as that."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in READING:
            for problem, kind, sentence in CHECKS:
                if problem():
                    return refusal(request, Problem(503, kind.code, sentence, [], kind.headers))
        return self.get_response(request)


def refusal(request: HttpRequest, problem: Problem) -> HttpResponse:
    """As a problem under the API, else as a sentence."""
    if request.path.startswith(API_PREFIX):
        return respond(problem)
    return HttpResponse(problem.detail, status=problem.status, content_type="text/plain", headers=problem.headers)
