"""A run: what one worker does with a row from its claim to its next move, and what the log says of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from videoserver.work.row import WorkRow

logger = structlog.get_logger(__name__)


@contextmanager
def logged(row: WorkRow, **ids: object) -> Iterator[None]:
    """Every line inside has the row's ids; the last one says how long the run took, and what the row became."""
    own = {"work": str(row._meta.model_name), "work_id": str(row.pk), "attempt": row.attempt}
    with structlog.contextvars.bound_contextvars(**own, **{name: str(value) for name, value in ids.items()}):
        began = time.monotonic()
        try:
            yield
        finally:
            took = round((time.monotonic() - began) * 1000, 1)
            logger.info("Run ended", status=str(row.status), code=row.error_code, duration_ms=took)
