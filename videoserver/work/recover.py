"""The reaper: finds every row that nobody looks after and moves it on. All conditional; any number may run at once."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import partial
from typing import Any, cast

from django.db import DatabaseError, transaction
from django.db.models import Exists, F, ManyToOneRel, Max, OuterRef, Q
from django.db.models.functions import Now

from videoserver.work import process
from videoserver.work.line import models
from videoserver.work.models import Worker
from videoserver.work.row import LeaseLost, WorkRow, WorkState, exhausted
from videoserver.work.rows import LAPSED, PLACE, UNHELD

logger = logging.getLogger(__name__)

ALL = Q()
BELL_PATIENCE = 30.0
ROUND = 500


@dataclass
class Reaped:
    """How many rows one round moved on."""

    requeued: int = 0
    ended: int = 0
    woken: int = 0
    rung: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{getattr(self, field.name)} {field.name}" for field in fields(self))

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


def reap(patience: float = BELL_PATIENCE, only: Q = ALL) -> Reaped:
    """One round over all models, or over `only` some rows of them.

    A bell that was lost `patience` seconds ago is rung again; without any, every bell.
    """
    reaped = Reaped()
    for model in models():
        _end_the_late_and_the_canceled(model, reaped, only)
        _requeue_the_lapsed(model, reaped, only)
        _wake_the_waiting(model, reaped, only)
        _ring_again(model, reaped, patience, only)
    if reaped:
        # A rehearsal that is rolled back has done nothing, and says nothing.
        transaction.on_commit(partial(logger.info, "Reaper: %s", reaped))
    return reaped


def release_dead(spent: bool = True, only: Q = ALL) -> int:
    """Give back at once what processes of this machine held that are no longer alive; how many rows that were."""
    mine = Q(lease_until__isnull=False, claimed_by__startswith=f"{process.place()}:")
    released = 0
    for model in models():
        for pk, name, fence in _first(model.objects.live().filter(mine, only).values_list("pk", "claimed_by", "fence")):
            if process.alive(name) is False:
                still = model.objects.live().filter(fence=fence, claimed_by=name)
                if row := model.objects.seize(pk, still):
                    told = partial(logger.warning, "%s died with %s %s", name, model._meta.verbose_name, pk)
                    transaction.on_commit(told)
                    released += _go_on(row, spent)
    return released


def _end_the_late_and_the_canceled(model: type[WorkRow], reaped: Reaped, only: Q) -> None:
    over = model.objects.live().filter(only, UNHELD, Q(cancel_requested=True) | Q(deadline_at__lte=Now()))
    for row in _seized(model, over):
        reaped.ended += _go_on(row)


def _requeue_the_lapsed(model: type[WorkRow], reaped: Reaped, only: Q) -> None:
    for row in _seized(model, model.objects.lapsed().filter(only)):
        reaped.requeued += _go_on(row) and not row.has_ended
        reaped.ended += row.has_ended
    # Spent, but neither failed nor held: whoever had it died between two of its moves.
    spent = model.objects.live().filter(only, LAPSED | Q(status=WorkState.QUEUED), attempt__gte=F("max_attempts"))
    for row in _seized(model, spent):
        reaped.ended += _go_on(row)


def _go_on(row: Any, spent: bool = True) -> bool:
    """What becomes of a row that this process seized because nobody runs it; whether that went well."""
    if row.cancel_requested:
        return _done(row.cancel)
    if row.deadline_at and row._held().filter(deadline_at__lte=Now()).exists():
        return _done(partial(row.fail, *row.late()))
    if spent and row.attempt >= row.max_attempts:
        return _done(partial(row.fail, "attempts_exhausted", exhausted(row.attempt)))
    return _done(partial(row.release, spent=spent))


def _done(move: Callable[[], object]) -> bool:
    """Make the move. One row that can't be moved must not keep the others waiting."""
    try:
        move()
    except LeaseLost:
        return False
    except DatabaseError:
        raise
    except Exception:
        logger.exception("A row of work could not be moved on")
        return False
    return True


def _wake_the_waiting(model: type[WorkRow], reaped: Reaped, only: Q) -> None:
    """A parent whose children have all ended was told so, unless the telling was lost."""
    waiting = model.objects.waiting().filter(only)
    if model.PARTS:
        # Those to whom something must be told, before the round is cut: most parents just wait.
        waiting = waiting.filter(~_has(model, finished_at=None) | _has(model, status=WorkState.FAILED))
    for row in _first(waiting):
        still = model.objects.waiting().filter(fence=row.fence)
        children = [child for some in row.children() for child in some.exclude(status=WorkState.COMPLETED)]
        failed = [child for child in children if child.status == WorkState.FAILED]
        if failed:
            if held := model.objects.seize(row.pk, still):
                first = failed[0]
                reaped.ended += _done(partial(held.fail, first.error_code, first.error_detail, first.error_pointer))
        elif any(not child.has_ended for child in children):
            continue
        elif children:
            if held := model.objects.seize(row.pk, still):
                reaped.ended += _done(held.cancel)
        elif still.filter(pk=row.pk).update(waiting_for=0, rung_at=Now()):
            row.ring()
            reaped.woken += 1


def _has(model: type[WorkRow], **state: Any) -> Q:
    """Which rows have a part in that state."""
    found = Q(pk__in=[])
    for part in model.PARTS:
        relation = cast(ManyToOneRel, model._meta.get_field(part))
        rows = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")}, **state)
        found |= Q(Exists(rows))
    return found


def _ring_again(model: type[WorkRow], reaped: Reaped, patience: float, only: Q) -> None:
    due = model.objects.claimable().filter(only)
    # All of them only when a worker starts: what its predecessor had taken from the queue is lost.
    if patience:
        due = due.filter(_unheard(model, patience))
    for row in _first(due.only("pk")):
        # The one reaper whose update counts rings.
        if due.filter(pk=row.pk).update(rung_at=Now()):
            row.ring()
            reaped.rung += 1


def _unheard(model: type[WorkRow], patience: float) -> Q:
    """Which bells were lost. One that still waits in a long queue is not: a canary sent after it must have come out."""
    lost = Q(rung_at__isnull=True) | model.stranded()
    for queue, rows in model.bells().items():
        if heard := Worker.objects.filter(queue=queue).aggregate(until=Max("heard_until"))["until"]:
            lost |= rows & Q(rung_at__lte=heard, rung_at__lt=Now() - timedelta(seconds=patience))
    return lost


def _seized(model: type[WorkRow], among: Any) -> Iterator[Any]:
    for pk in list(_first(among.values_list("pk", flat=True))):
        if row := model.objects.seize(pk, among):
            yield row


def _first(rows: Any) -> Any:
    return rows.order_by(*PLACE)[:ROUND]
