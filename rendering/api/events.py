"""A job's changes as server-sent events, for half a minute; browsers come again by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.renderers import JSONRenderer

from videoserver.web.prefer import seats
from videoserver.web.problems import DomainError

LENGTH = 30.0
PING = 15.0
PAUSE = 0.5
RETRY_AFTER = 5


class NoSeat(DomainError):
    """Too many wait already. Try again later."""

    code, status = "too_many_streams", 503


def stream(look: Callable[[], tuple[Any, bool]], length: float = LENGTH, pause: float = PAUSE) -> StreamingHttpResponse:
    """An event for each change of what `look` gives, until it says that this was the last."""
    if not seats.take():
        raise NoSeat(headers={"Retry-After": str(RETRY_AFTER)})
    events = Events(look, length, pause)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(events, content_type="text/event-stream", headers=headers)


class Events:
    """The stream; it gives its seat back however it ends."""

    def __init__(self, look: Callable[[], tuple[Any, bool]], length: float, pause: float) -> None:
        self.look, self.length, self.pause = look, length, pause
        self.seated = True

    def __iter__(self) -> Iterator[bytes]:
        end = time.monotonic() + self.length
        told, told_at = b"", time.monotonic()
        while True:
            thing, last = self.look()
            news = JSONRenderer().render(thing)
            if news != told:
                yield b"event: job\ndata: " + news + b"\n\n"
                told, told_at = news, time.monotonic()
            if last or time.monotonic() >= end:
                return
            if time.monotonic() - told_at >= PING:
                yield b": ping\n\n"
                told_at = time.monotonic()
            time.sleep(self.pause)

    def close(self) -> None:
        """Called by Django when the stream has ended or the client has gone."""
        if self.seated:
            self.seated = False
            seats.leave()
