"""What a service writes past the log (prints, warnings, tracebacks that nobody caught) as lines of the log.

For `LOG_FORMAT=json`: whoever reads the streams of a service line by line finds nothing else in them.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
from types import TracebackType
from typing import Any, TextIO

logger = logging.getLogger("videoserver")


class LogLines(io.TextIOBase):
    """A text stream whose every line becomes an event of the log."""

    def __init__(self, name: str, level: int) -> None:
        self._logger, self._level = logging.getLogger(name), level
        self._rest = threading.local()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        """Log the lines that are whole; what is written in pieces waits for its end, for each thread by itself."""
        *lines, rest = (getattr(self._rest, "text", "") + text).split("\n")
        self._rest.text = rest
        for line in lines:
            if line.strip():
                self._logger.log(self._level, "%s", line)
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back but an unfinished line."""


class ToStderr(logging.StreamHandler[TextIO]):
    """Writes to stderr itself, also when it is set up after `take_over`, whose lines would come back to it."""

    def __init__(self) -> None:
        super().__init__(sys.__stderr__ if isinstance(sys.stderr, LogLines) else sys.stderr)


def take_over() -> None:
    """From now on this process, and what it forks, writes lines of the log alone. Logging must be set up before."""
    if isinstance(sys.stdout, LogLines):
        return
    sys.stdout, sys.stderr = LogLines("stdout", logging.INFO), LogLines("stderr", logging.WARNING)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable
    logging.captureWarnings(True)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        logger.info("Interrupted")
        return
    logger.critical("This process ends by an error that nobody caught", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or issubclass(args.exc_type, SystemExit):
        return
    name = args.thread.name if args.thread else "?"
    told = (args.exc_type, args.exc_value, args.exc_traceback)
    logger.error("The thread %s ended by an error that nobody caught", name, exc_info=told)


def _unraisable(args: Any) -> None:
    told = (type(args.exc_value), args.exc_value, args.exc_traceback) if args.exc_value else None
    logger.error("%s: %r", args.err_msg or "An error could not be raised", args.object, exc_info=told)
