"""The doorbell: tells a queue that a row waits. The row is the truth; a lost ring is found by the reaper."""

import logging
from functools import partial

from django.db import Error as DatabaseError
from django.db import transaction
from django_q.tasks import async_task
from redis.exceptions import RedisError

ANSWER = "videoserver.work.line.answer"
logger = logging.getLogger(__name__)


def ring(task: str, pk: str, queue: str) -> None:
    """Once the transaction is committed, have a worker of the queue call the task with the row's id."""
    transaction.on_commit(partial(_ring, task, pk, queue))


def _ring(task: str, pk: str, queue: str) -> None:
    try:
        async_task(task, pk, cluster=queue)
    except (DatabaseError, RedisError, OSError) as error:
        # Not raised: what was committed must be answered. The reaper rings again.
        logger.warning("Could not ring for %s %s: %s", task, pk, error)
