"""The watchdog: a cluster whose queue answers no canary is killed, unless the broker may have lost the canary."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, InterfaceError

from videoserver.work import broker, canary, process
from videoserver.work.cluster import Cluster
from videoserver.work.models import Worker

logger = logging.getLogger(__name__)

RING_AGAIN = 5.0
"""Seconds between canaries while the broker is away or has just come back."""


@dataclass
class Watch:
    """What is remembered of one queue's canary."""

    due: float = 0.0
    rung: float | None = None
    before: datetime | None = None


class Watchdog:
    """Of the clusters of one supervisor."""

    def __init__(self, clusters: Sequence[Cluster], supervisor: str, patience: float) -> None:
        self._clusters, self._supervisor, self._patience = clusters, supervisor, patience
        self._watches = {each.queue: Watch() for each in clusters}
        self._continuity = broker.Continuity()

    def forget(self, queue: str) -> None:
        """Its cluster is a new one."""
        self._watches[queue] = Watch()

    def look(self) -> None:
        """Send canaries; a cluster that answers none and renews no lease is killed, and started again."""
        try:
            workers = {worker.queue: worker for worker in Worker.objects.filter(supervisor=self._supervisor)}
        except (DatabaseError, InterfaceError):
            self._continuity.broken()
            raise
        # A canary that the broker lost, or that waits for a pusher, says nothing against its cluster.
        kept_since = self._continuity.since()
        for each in self._clusters:
            watch, worker = self._watches[each.queue], workers.get(each.queue)
            if worker is None or not each.pid:
                continue
            now, again = time.monotonic(), self._patience / 4
            if watch.rung is not None and worker.canary_at != watch.before:
                watch.rung, watch.due = None, now + again
            if watch.rung is not None and now - max(watch.rung, kept_since) > self._patience:
                if not canary.busy(each.queue, f"{process.place()}:"):
                    logger.error("The cluster of %s answers no more and is started again", each.queue)
                    each.kill()
                    continue
                watch.rung = now
            if kept_since > now:
                # Bells were lost with it, and are rung again once a canary has come through.
                watch.due = min(watch.due, now + RING_AGAIN)
            if now < watch.due:
                continue
            # Sent again while none is back: a queue that was emptied must not cost a healthy cluster its life.
            if canary.ring(worker):
                if watch.rung is None:
                    watch.rung, watch.before = now, worker.canary_at
                watch.due = now + again
            else:
                watch.rung, watch.due = None, now + min(again, RING_AGAIN)
