"""One line for each request. A refusal that is promised, with its `Retry-After`, is a warning and no error."""

import logging
from http import HTTPStatus

from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import bind_contextvars

PROMISED = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE}
"""Their cause, where there is one to mend, has an error of its own in the log."""


class RequestLog(RequestMiddleware):  # type: ignore[misc]
    """The middleware of django-structlog with a level for refusals and the address that was checked: its own believes
    everybody's X-Forwarded-For."""

    @staticmethod
    def bind_ip(request: HttpRequest) -> None:
        bind_contextvars(ip=request.META.get("REMOTE_ADDR", ""))

    def _log_level_for_status_code(self, status_code: int) -> int:
        level: int = super()._log_level_for_status_code(status_code)
        return logging.WARNING if status_code in PROMISED else level
