"""Whether a queue is served: a canary goes through it and comes back; a busy queue counts as served too."""

import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now

from videoserver.work import doorbell, line, process
from videoserver.work.models import Worker

EVERY = 30.0
PATIENCE = 120.0
BEAT_EVERY = 10.0
SILENT_AFTER = 3 * BEAT_EVERY + 15
"""Seconds without a beat after which a supervisor counts as gone."""
ANSWERS_FOR = EVERY + PATIENCE
"""Seconds after which a canary's answer is too old to prove anything."""
TASK = "videoserver.work.canary.answer"


def alive(queue: str) -> bool:
    """A supervisor looks after the queue, and its canary came back lately or its workers renew leases."""
    beating = workers(queue)
    if beating.filter(canary_at__gt=_ago(ANSWERS_FOR)).exists():
        return True
    # After a restart into a full queue the first canary waits behind all of it.
    return beating.exists() and busy(queue)


def workers(queue: str) -> QuerySet[Worker]:
    """Those of the queue whose supervisor said lately that it lives."""
    return beating().filter(queue=queue)


def beating() -> QuerySet[Worker]:
    """Those of every queue whose supervisor did."""
    return Worker.objects.filter(beat_at__gt=_ago(SILENT_AFTER))


def living() -> list[Worker]:
    """One row of each supervisor that said lately that it lives."""
    rows = Worker.objects.filter(beat_at__gt=_ago(3 * BEAT_EVERY + 15)).order_by("name", "pk")
    return list({worker.supervisor: worker for worker in rows}.values())


def serving(supervisor: str, processes: Collection[str]) -> bool:
    """Every queue of that supervisor has answered, or one of its processes is busy with a row of the queue."""
    mine = dict(Worker.objects.filter(supervisor=supervisor).values_list("queue", "canary_at"))
    return bool(mine) and all(at or busy(queue, processes=processes) for queue, at in mine.items())


def busy(queue: str, place: str = "", processes: Collection[str] | None = None) -> bool:
    """Some worker of the queue (of that place, among those processes) holds a row whose lease it renewed lately."""
    held = Q(lease_until__gt=Now(), claimed_by__startswith=place)
    if processes is not None:
        held &= Q(claimed_by__in=processes)
    return any(model.objects.live().filter(held).exists() for model in line.models() if queue in model.bells())


def age(queue: str) -> float | None:
    """Seconds since a canary last came back from the queue; None if none ever did."""
    answered = Worker.objects.filter(queue=queue, canary_at__isnull=False)
    last = answered.order_by("-canary_at").values_list("canary_at", Now()).first()
    return (last[1] - last[0]).total_seconds() if last else None


def ring(worker: Worker) -> bool:
    """Send a canary into the worker's queue; whether the queue has taken it."""
    # One that was lost is sent again: what comes back may be either, and proves no more than the first.
    mine = Worker.objects.filter(pk=worker.pk)
    mine.update(sent_at=Coalesce("sent_at", Now()))
    if not (taken := doorbell.ring_now(TASK, str(worker.pk), worker.queue)):
        # The one before is probably lost too. If it does come back it proves nothing.
        mine.update(sent_at=None)
    return taken


def answer(worker: str) -> None:
    """The task: the canary has come through, and so has all that was in the queue before it."""
    heard = Coalesce("sent_at", "heard_until")
    Worker.objects.filter(pk=int(worker)).update(canary_at=Now(), heard_until=heard, sent_at=None)


def round_trip(queue: str, seconds: float = 10.0) -> float | None:
    """How many seconds a canary takes through the queue now; None if none comes back in time, or none can be sent."""
    worker = workers(queue).order_by("-beat_at").first()
    if worker is None:
        return None
    before, began = worker.canary_at, time.monotonic()
    if not ring(worker):
        return None
    while time.monotonic() - began < seconds:
        if Worker.objects.filter(pk=worker.pk).exclude(canary_at=before).exclude(canary_at=None).exists():
            return time.monotonic() - began
        time.sleep(0.05)
    return None


def forget_the_dead() -> list[Worker]:
    """Remove the rows of supervisors of this place that are dead, and of all that were silent for a day."""
    here = Worker.objects.filter(supervisor__startswith=f"{process.place()}:")
    dead = [worker for worker in here if process.alive(worker.supervisor) is False]
    Worker.objects.filter(Q(pk__in=[worker.pk for worker in dead]) | Q(beat_at__lt=_ago(86400))).delete()
    return dead


def _ago(seconds: float) -> Any:
    return Now() - timedelta(seconds=seconds)
