"""How lines are written: as text or as JSON, with the ids of the request or the job that they belong to.

Bind an id with `structlog.contextvars.bound_contextvars(job_id=…)`; every line inside has it, ours or a library's. The
text of an event stays what the code said, whether it said so to `logging` or to `structlog`.
"""

import os
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from videoserver.web.redaction import redact_event
from videoserver.work import title

_facts: dict[str, str] = {}


def identify(**facts: str) -> None:
    """What each JSON line of this process, and of those that it forks, says of where it comes from."""
    _facts.update(facts)


def add_process(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: who writes. What the event says itself stays."""
    return {**_facts, "process": title.role() or "command", "pid": os.getpid(), **event}


def config(form: str, version: str = "") -> dict[str, Any]:
    """The `LOGGING` setting for `LOG_FORMAT`, and structlog set up to go the same way."""
    identify(version=version)
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    writer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
        )
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": before,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    # A person at a terminal knows which process that is; a store of many machines' lines does not.
                    *([add_process] if form == "json" else []),
                    redact_event,
                    writer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "videoserver.web.streams.ToStderr", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            # It tells of every message; what matters of them is told by the rows' own work.
            "django-q": {"level": "WARNING", "handlers": [], "propagate": True},
            # Django gives its own loggers handlers of their own; theirs would write every line twice.
            "django": {"level": "INFO", "handlers": [], "propagate": True},
            "django.server": {"level": "INFO", "handlers": [], "propagate": True},
            # The request log says it already, with the request's id.
            "django.request": {"level": "ERROR"},
            "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
            "gunicorn.access": {"level": "INFO", "handlers": [], "propagate": True},
        },
    }
