"""Rows of work by the many: what may be claimed, what lapsed, what waits."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import connections, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from videoserver.work import process, stop
from videoserver.work.faults import faultpoint
from videoserver.work.states import WorkState

IN_TIME = Q(deadline_at__isnull=True) | Q(deadline_at__gt=Now())
DUE = Q(run_after__isnull=True) | Q(run_after__lte=Now())
LAPSED = Q(lease_until__lte=Now())
PLACE = ("-priority", "turn", "created_at")
UNHELD = Q(lease_until__isnull=True) | LAPSED
READY_TO_GO_ON = Q(lease_until__isnull=True) & (
    Q(waiting_for=0) | Q(waiting_for__isnull=True, run_after__isnull=False, run_after__lte=Now())
)


def untouched(seconds: float) -> Q:
    """Rows that nobody wrote to, held, rang for or was to wait for, for so long."""
    then = Now() - timedelta(seconds=seconds)
    times = ("lease_until", "run_after", "rung_at")
    return Q(Q(updated_at__lte=then), *(Q(**{f"{time}__isnull": True}) | Q(**{f"{time}__lte": then}) for time in times))


class WorkQuerySet(models.QuerySet[Any]):
    """Every question that is about more than one row, and the claim of one."""

    def live(self) -> Self:
        """Those that have not ended."""
        return self.filter(finished_at__isnull=True)

    def claimable(self) -> Self:
        """Queued and due; running with a lapsed lease; waiting, and what they waited for has come."""
        running: str = self.model.RUNNING
        return self.live().filter(
            IN_TIME,
            Q(status=WorkState.QUEUED) & DUE | Q(status=running) & (LAPSED | READY_TO_GO_ON),
            attempt__lt=F("max_attempts"),
            cancel_requested=False,
        )

    def lapsed(self) -> Self:
        """Held by a lease that nobody renewed."""
        return self.live().filter(LAPSED)

    def waiting(self) -> Self:
        """Parents whose children have not all reported."""
        return self.live().filter(status=self.model.RUNNING, lease_until__isnull=True, waiting_for__gt=0)

    def claim(self, pk: Any, lease: float | None = None) -> Any:
        """Take the row for this process and spend an attempt; None if it is not to be had."""
        if stop.asked():
            return None
        row = self.seize(
            pk,
            self.claimable(),
            lease,
            status=self.model.RUNNING,
            attempt=F("attempt") + 1,
            started_at=Coalesce("started_at", Now()),
            waiting_for=None,
            run_after=None,
        )
        if row is not None:
            if row.rung_at is None:
                # A retry that is due took the bell of another row: there must be one more.
                row.ring()
            faultpoint(f"{row._meta.model_name}.claimed")
        return row

    def seize(self, pk: Any, among: Self, lease: float | None = None, **fields: Any) -> Any:
        """Become the row's only holder if it is still among these; None if it is not. Everyone else is fenced out."""
        seconds = settings.WORK_LEASE if lease is None else lease
        own = self.model._default_manager.using(self.db).filter(pk=pk)
        fence = own.values_list("fence", flat=True).first()
        with self._seen_when_read():
            taken = among.filter(pk=pk, fence=fence).update(
                fence=F("fence") + 1,
                lease_until=Now() + timedelta(seconds=seconds),
                claimed_by=process.me(),
                updated_at=Now(),
                **fields,
            )
            if not taken:
                return None
            row = own.get()
        # Ours is the fence that was written, even if the row has been taken from us since.
        row.fence = fence + 1
        row.holds(seconds)
        return row

    def _seen_when_read(self) -> AbstractContextManager[object]:
        """A server that goes away between the two statements must not keep a row that nobody holds. A file does not
        go away, and while a transaction is open nobody else could write to it."""
        return nullcontext() if connections[self.db].vendor == "sqlite" else transaction.atomic(using=self.db)
