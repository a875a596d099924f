"""The line: which row is worked on next. A bell says only that there is work; what begins is whose turn it is.

A higher priority goes first. Within one priority owners take turns, whoever ordered how much: each row has a place in
line, its `turn`, that is one behind its owner's last row but never before the row that is up now (start-time fair
queueing: Goyal, Vin and Cheng, SIGCOMM 1996). What was begun and can go on stands before what was not.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connections
from django.db.models import Q
from django.utils.module_loading import import_string

from videoserver.work import here, stop
from videoserver.work.row import WorkRow
from videoserver.work.rows import DUE, PLACE
from videoserver.work.states import WorkState

Found = tuple[tuple[int, int, Any], type[WorkRow], UUID]


def answer(_rung_for: str) -> None:
    """The task behind every bell: work on the row whose turn it is, if any waits."""
    while not stop.asked() and (found := up_next(here.queue())):
        _, model, pk = found
        if _work(model, pk):
            return
        # Another worker was quicker.


def _work(model: type[WorkRow], pk: UUID) -> bool:
    try:
        return bool(import_string(model.TASK)(str(pk)))
    except SystemExit as error:
        # django-q2's own timeout is one, and must pass. Any other is an error of the work like all: let go, it would
        # end the worker, and the message would stay in the queue for hours.
        if type(error) is not SystemExit:
            raise
        raise RuntimeError(f"{model.TASK} wanted to end its worker: {error}") from error


def up_next(queue: str) -> Found | None:
    """The place, model and id of the row that a worker of the queue should claim now."""
    served = [model for model in models() if not queue or queue in model.bells()]
    for waited_for in (0, None):
        may = served if waited_for is None else [model for model in served if model.PARTS]
        firsts = [found for model in may if (found := _first(model, queue, waited_for))]
        if firsts:
            return min(firsts, key=lambda found: found[0])
    return None


def turn_of(model: type[WorkRow], priority: int, **owner: Any) -> int:
    """The place in line of a new row of that owner among those of its priority. See `hold`."""
    own = (
        model.objects.live().filter(priority=priority, **owner).order_by("-turn").values_list("turn", flat=True).first()
    )
    return max(_now(model, priority), 0 if own is None else own + 1)


def hold(owner: Any) -> None:
    """Until the transaction ends nobody else gives this owner a place: two at once would get the same."""
    get_user_model()._base_manager.select_for_update(no_key=True).filter(pk=owner).first()


def models() -> list[type[WorkRow]]:
    """Every model of durable work."""
    return [model for model in apps.get_models() if issubclass(model, WorkRow)]


def _first(model: type[WorkRow], queue: str, waited_for: int | None) -> Found | None:
    connection = connections[model.objects.db]
    sql, values = _question(model, model.bells().get(queue, Q()), waited_for, connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchone()
    return ((-found[0], found[1], found[2]), model, model._meta.pk.to_python(found[3])) if found else None


@cache
def _question(model: type[WorkRow], belled: Q, waited_for: int | None, _vendor: str) -> tuple[str, tuple[Any, ...]]:
    """Put together once: Django needs ten times as long for that as the database for the answer."""
    rows = model.objects.claimable().filter(belled, lease_until=None, waiting_for=waited_for)
    # The first word of the order is constant here; with it the index gives the rows in order, NULL or not.
    first = rows.order_by("waiting_for", *PLACE).values_list("priority", "turn", "created_at", "pk")[:1]
    sql, values = first.query.sql_with_params()
    return sql, tuple(values)


def _now(model: type[WorkRow], priority: int) -> int:
    """The turn of the row that is up: the least that waits; if none does, the greatest that is worked on."""
    in_line = [other for other in models() if other.line_name() == model.line_name()]
    waiting, held = Q(DUE, status=WorkState.QUEUED), Q(lease_until__isnull=False)
    # What waits for a retry or for its parts, or is worked on for long, must not hold back what counts as now.
    up = [turn for each in in_line if (turn := _turn(each, waiting, priority, "turn")) is not None]
    if up:
        return min(up)
    return max((_turn(each, held, priority, "-turn") or 0 for each in in_line), default=0)


def _turn(model: type[WorkRow], among: Q, priority: int, first: str) -> int | None:
    rows = model.objects.live().filter(among, priority=priority).order_by(first)
    turn: int | None = rows.values_list("turn", flat=True).first()
    return turn
