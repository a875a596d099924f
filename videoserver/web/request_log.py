"""One line for each request. A refusal that is promised, with its `Retry-After`, is a warning and no error."""

import logging
from http import HTTPStatus

from django_structlog.middlewares import RequestMiddleware

PROMISED = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE}
"""Their cause, where there is one to mend, has an error of its own in the log."""


class RequestLog(RequestMiddleware):  # type: ignore[misc]
    """The middleware of django-structlog with a level for refusals."""

    def _log_level_for_status_code(self, status_code: int) -> int:
        level: int = super()._log_level_for_status_code(status_code)
        return logging.WARNING if status_code in PROMISED else level
