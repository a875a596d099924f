"""`Prefer: wait=N`: hold the request until the thing has ended. Whoever waits holds a thread, so seats are few."""

import re
import time
from collections.abc import Callable
from typing import TypeVar

from rest_framework.request import Request

from videoserver.web.caller import caller_of
from videoserver.web.presence import client_check
from videoserver.web.seats import Seats as Seats
from videoserver.web.seats import seats

MAX_WAIT = 60
"""What is accepted; a longer wish counts as this."""
LONGEST_HOLD = 50.0
"""What a request is held for: a proxy's usual patience (nginx: `proxy_read_timeout`) is 60 s, and work follows."""
FIRST_LOOK = 0.05
LONGEST_PAUSE = 1.0
T = TypeVar("T")
_WAIT = re.compile(r'\s*wait\s*=\s*"?(\d{1,9})"?\s*', re.ASCII | re.IGNORECASE)


def wait_for_end(
    request: Request,
    fetch: Callable[[], T],
    is_done: Callable[[T], bool],
    *,
    default: int = 0,
) -> T:
    """Fetch the thing, again and again until it is done or the time that the caller prefers is over. `default` is the
    wait when the caller says nothing. Call it outside of a transaction: each fetch must see what others committed."""
    asked = preferred_wait(request)
    limit = default if asked is None else asked
    thing = fetch()
    if limit <= 0 or is_done(thing):
        _note(request, asked)
        return thing
    caller, gone = caller_of(request), client_check(request)
    if not seats.take(caller):
        return thing
    try:
        if not leave_quick_thread(request):
            return thing
        end = time.monotonic() + min(limit, LONGEST_HOLD)
        pause = FIRST_LOOK
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_PAUSE)
            if gone():
                break
            thing = fetch()
            if is_done(thing):
                break
    finally:
        seats.leave(caller)
    _note(request, asked)
    return thing


def leave_quick_thread(request: Request) -> bool:
    """Tell our web server that this request will wait, so that its thread no longer counts as one of `WEB_THREADS`.
    False when there is no room for another one that waits."""
    move = request.META.get("videoserver.to_transfers")
    return move is None or bool(move())


def preferred_wait(request: Request) -> int | None:
    """The seconds that the caller would wait, at most 60; None when nothing (or nonsense) was said."""
    for preference in request.headers.get("Prefer", "").split(","):
        if form := _WAIT.fullmatch(preference.partition(";")[0]):
            return min(int(form[1]), MAX_WAIT)
    return None


def _note(request: Request, seconds: int | None) -> None:
    if seconds is not None:
        request._request.preference_applied = f"wait={seconds}"  # type: ignore[attr-defined]
