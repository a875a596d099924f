"""What expires by itself and would stay for ever: sessions, kept answers, entries of the caches in the database."""

from __future__ import annotations

import time

import structlog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router
from django.db.models.functions import Now
from django.utils import timezone

from videoserver.web.idempotency import KEPT_FOR
from videoserver.web.models import KeptAnswer

EVERY = 3600.0
log = structlog.get_logger(__name__)
_due = 0.0


def sweep(every: float = EVERY) -> None:
    """Remove it once an hour; called more often it does nothing. Any number of workers may do it."""
    global _due
    if time.monotonic() < _due:
        return
    _due = time.monotonic() + every
    removed = {"sessions": sessions(), "answers": answers(), "cached": cached()}
    if any(removed.values()):
        log.info("Removed what had expired", **removed)


def sessions() -> int:
    """Those past their end, which open nothing any more."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


def answers() -> int:
    """Answers of callers who came never again: those of others go with their next request."""
    return KeptAnswer.objects.filter(created_at__lt=Now() - KEPT_FOR).delete()[0]


def cached() -> int:
    """Django removes an expired entry when somebody asks for it, or when the table is full."""
    removed = 0
    for name in settings.CACHES:
        cache = caches[name]
        if isinstance(cache, DatabaseCache):
            connection = connections[router.db_for_write(cache.cache_model_class)]
            with connection.cursor() as cursor:
                table = connection.ops.quote_name(cache.cache_model_class._meta.db_table)
                now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
                cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608 - the table is ours
                removed += cursor.rowcount
    return removed
