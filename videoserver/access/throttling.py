"""How often a caller may call, and how often an address may guess keys. Both count in a cache of their own.

While the cache does not answer nobody is held up: a limit protects the service, and must not be what ends it.
"""

import logging
import re
import threading
import time
from typing import Any

from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from videoserver.web.caller import caller_of
from videoserver.work import broker, seldom

logger = logging.getLogger(__name__)

WRONG_KEYS_PER_MINUTE = 30
MINUTE = 60
PERIODS = {"s": 1, "min": MINUTE, "hour": 3600, "day": 86400}
BLOCKS = 20

_blocks: dict[str, int] = {}
_held_up: set[str] = set()
_lock = threading.Lock()


class CallerThrottle(BaseThrottle):
    """`API_RATE` calls (such as `1200/min`) for each key, or for each user of a session; empty for no limit. A process
    takes calls from the shared count in blocks of a twentieth, so that few calls write to it."""

    def allow_request(self, request: Request, view: Any) -> bool:
        if not settings.API_RATE:
            return True
        limit, period = parse_rate(settings.API_RATE)
        window, self.passed = divmod(time.time(), period)
        self.period = period
        place = f"calls:{caller_of(request)}:{period}:{int(window)}"
        with _lock:
            left = _blocks.get(place, 0)
            if left:
                _blocks[place] = max(-1, left - 1)
                return left > 0
        block = max(1, limit // BLOCKS)
        counted = _add(place, block, period)
        if counted is None:
            return True
        granted = min(block, limit - (counted - block))
        with _lock:
            for old in [other for other in _blocks if not other.endswith(f":{period}:{int(window)}")]:
                del _blocks[old]
            # Below zero: nothing is left in this window, which is remembered without asking again.
            _blocks[place] = _blocks.get(place, 0) + granted - 1 if granted > 0 else -1
        return granted > 0

    def wait(self) -> float:
        """Until the next window."""
        return self.period - self.passed


def parse_rate(text: str) -> tuple[int, int]:
    """`1200/min` → 1200 calls in 60 seconds; ValueError for what is no rate."""
    form = re.fullmatch(r"([1-9][0-9]{0,8})/(s|min|hour|day)", text)
    if form is None:
        raise ValueError(text)
    return int(form[1]), PERIODS[form[2]]


def count_wrong_key(request: Request) -> None:
    """Remember one more wrong key from this address; 429 when there were too many in this minute. Good keys from there
    are not held up."""
    window, passed = divmod(time.time(), MINUTE)
    place = f"wrong-keys:{request.META.get('REMOTE_ADDR', '')}:{int(window)}"
    with _lock:
        held_up = place in _held_up
    if not held_up:
        counted = _add(place, 1, MINUTE)
        if counted is None or counted <= WRONG_KEYS_PER_MINUTE:
            return
        with _lock:  # from here on it costs nothing to say no
            _held_up.difference_update([other for other in _held_up if not other.endswith(f":{int(window)}")])
            _held_up.add(place)
    raise Throttled(wait=MINUTE - passed)


def _add(place: str, count: int, seconds: int) -> int | None:
    """What was counted there now; None if the count cannot be read or written."""
    try:
        return _counted(place, count, seconds)
    except (RedisError, OSError) as error:
        told = "Calls are not counted, and API_RATE holds nobody up: Redis %s (%s)"
        seldom.warn(logger, "count", told, broker.trouble(error).phrase, error)
        return None


def _counted(place: str, count: int, seconds: int) -> int:
    counters = caches["counters"]
    if counters.add(place, count, seconds):
        return count
    try:
        found = int(counters.incr(place, count))
    except ValueError:  # it expired between the two calls
        counters.set(place, count, seconds)
        return count
    counters.touch(place, seconds)  # the database's incr gives it another time to live
    return found
