"""A job's changes as server-sent events, for half a minute; browsers come again by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from videoserver.web.caller import caller_of
from videoserver.web.presence import client_check
from videoserver.web.problems import DomainError
from videoserver.web.seats import seats

LENGTH = 30.0
PING = 15.0
PAUSE = 0.5
RETRY_AFTER = 5


class NoSeat(DomainError):
    """Too many wait already. Try again later."""

    code, status = "too_many_streams", 503


def stream(
    request: Request, look: Callable[[], tuple[Any, bool]], length: float = LENGTH, pause: float = PAUSE
) -> StreamingHttpResponse:
    """An event for each change of what `look` gives, until it says that this was the last, or the client has left."""
    caller = caller_of(request)
    if not seats.take(caller):
        raise NoSeat(headers={"Retry-After": str(RETRY_AFTER)})
    events = Events(look, length, pause, client_check(request), lambda: seats.leave(caller))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(events, content_type="text/event-stream", headers=headers)


class Events:
    """The stream; it gives its seat back however it ends."""

    def __init__(
        self,
        look: Callable[[], tuple[Any, bool]],
        length: float,
        pause: float,
        gone: Callable[[], bool] = lambda: False,
        leave: Callable[[], None] = lambda: None,
    ) -> None:
        self.look, self.length, self.pause, self.gone, self.leave = look, length, pause, gone, leave
        self.seated = True

    def __iter__(self) -> Iterator[bytes]:
        end = time.monotonic() + self.length
        told, told_at = b"", time.monotonic()
        while not self.gone():
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
            self.leave()
