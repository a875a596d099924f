"""The doorbell: tells a queue that a row waits. The row is the truth; a lost ring is found by the reaper."""

import logging
import time
from functools import lru_cache, partial
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import transaction
from django_q.brokers import get_broker
from django_q.brokers.redis_broker import Redis
from django_q.tasks import async_task
from redis.exceptions import RedisError

from videoserver.work import broker, seldom

ANSWER = "videoserver.work.line.answer"
PAUSE = 1.0
logger = logging.getLogger(__name__)


class RedisQueue(Redis):  # type: ignore[misc]
    """A queue in Redis whose readers outlive Redis: django-q2's end with a traceback, and are started again later."""

    def dequeue(self) -> Any:
        """The next message, if one comes within a second."""
        try:
            return super().dequeue()
        except (RedisError, OSError) as error:
            told = "The queue %s cannot be read and is tried again: Redis %s (%s)"
            seldom.warn(logger, "dequeue", told, self.list_key, broker.trouble(error).phrase, error)
            time.sleep(PAUSE)
            return None

    def ping(self) -> bool:
        """A cluster starts without Redis too, and waits for it."""
        return True

    def set_stat(self, *_: Any) -> None:
        """Its heartbeat is not kept: ours is in work.Worker."""


def ring(task: str, pk: str, queue: str) -> None:
    """Once the transaction is committed, have a worker of the queue call the task with the row's id."""
    transaction.on_commit(partial(ring_now, task, pk, queue))


def ring_now(task: str, pk: str, queue: str) -> bool:
    """Have a worker of the queue call the task with the row's id; whether the queue has taken that."""
    try:
        async_task(task, pk, cluster=queue, broker=_redis(queue) if settings.BROKER_URL else None)
    except (DatabaseError, RedisError, OSError) as error:
        # Not raised: what was committed must be answered. The reaper rings again.
        seldom.warn(logger, "ring", "Could not ring for %s %s: %s", task, pk, error)
        return False
    return True


@lru_cache(maxsize=8)
def _redis(queue: str) -> RedisQueue:
    """The queue in Redis, with the client that gives up in time. django-q2 would connect anew for each ring."""
    found: RedisQueue = get_broker(queue)
    found.connection = broker.client()
    return found
