"""How often a caller may call, and how often an address may guess keys. Both count in the shared cache."""

import hashlib
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

WRONG_KEYS_PER_MINUTE = 30
MINUTE = 60


class CallerThrottle(SimpleRateThrottle):
    """`API_RATE` calls (such as `1200/min`) for each key, or for each user of a session; empty for no limit."""

    scope = "caller"

    def get_rate(self) -> str | None:
        return settings.API_RATE or None

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if prefix := getattr(request.auth, "prefix", None):
            return f"calls:key:{prefix}"
        if request.user and request.user.is_authenticated:
            return f"calls:user:{request.user.pk}"
        return f"calls:address:{self.get_ident(request)}"


def count_wrong_key(request: Request, text: str) -> None:
    """Remember one more wrong key from this address under this prefix; 429 when there were too many in a minute."""
    place = _place(request, text)
    if cache.add(place, 1, MINUTE):
        return
    try:
        wrong = cache.incr(place)
    except ValueError:  # it expired between the two calls
        cache.add(place, 1, MINUTE)
        return
    if wrong > WRONG_KEYS_PER_MINUTE:
        raise Throttled(wait=MINUTE)


def _place(request: Request, text: str) -> str:
    # The prefix is part of it, so that one bad client behind a shared address does not shut out the others.
    who = f"{request.META.get('REMOTE_ADDR', '')} {text[:11]}"
    return f"wrong-keys:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
