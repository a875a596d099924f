"""WorkRow: the one abstract model of all that runs in the background. The row is the truth, the queue a doorbell.

Every move is a conditional UPDATE whose row count is the verdict, and the clock is the database's. One file, though a
long one: the moves share one fence, and only side by side can they be seen to be complete.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, models, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from videoserver.work import doorbell, ended, faults, stop
from videoserver.work.faults import faultpoint
from videoserver.work.rows import IN_TIME, PLACE, WorkQuerySet
from videoserver.work.states import ENDED, Canceled, DeadlinePassed, LeaseLost, Stopping, WorkError, WorkState

__all__ = [
    "ENDED",
    "Canceled",
    "DeadlinePassed",
    "LeaseLost",
    "Stopping",
    "WorkError",
    "WorkQuerySet",
    "WorkRow",
    "WorkState",
    "max_attempts",
    "work_constraints",
]

LONGEST_DELAY = 15 * 60
USUAL_PRIORITY, HIGHEST_PRIORITY = 5, 9
MISMATCH_PAUSE = 15.0
"""Seconds until work that was handed back by a worker with another storage may be claimed; by then that worker's
supervisor, which looks every 10 s, has ended its clusters."""
LOOK_EVERY = 2.0


def max_attempts() -> int:
    """The first try and its retries."""
    return int(settings.MAX_RETRIES) + 1


def work_constraints(name: str, running: str = WorkState.RUNNING) -> list[models.BaseConstraint]:
    """The CHECKs that hold the names of the states and the priorities; a model puts them in its Meta."""
    known = [WorkState.QUEUED.value, str(running), *(state.value for state in ENDED)]
    return [
        models.CheckConstraint(condition=Q(status__in=known), name=f"{name}_status_is_known"),
        models.CheckConstraint(condition=Q(priority__lte=HIGHEST_PRIORITY), name=f"{name}_priority_is_one"),
    ]


class WorkRow(models.Model):
    """Work that survives its worker: claimed with a lease and a fence, retried, waited for, canceled, ended once."""

    RUNNING: ClassVar[str] = WorkState.RUNNING
    TASK: ClassVar[str]
    """What works on a row: it takes the id, claims the row, and says whether it had it."""
    QUEUE: ClassVar[str] = "default"
    LINE: ClassVar[str] = ""
    """Models that say the same stand in one line: a part has the place of its whole."""

    PARTS: ClassVar[tuple[str, ...]] = ()
    """Names of the relations to rows that it may wait for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(max_length=20, default=WorkState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=max_attempts)
    retry_count = models.PositiveSmallIntegerField(default=0)
    fence = models.BigIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    run_after = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True, db_default=Now(), editable=False)
    cancel_requested = models.BooleanField(default=False)
    waiting_for = models.PositiveIntegerField(null=True, blank=True)
    claimed_by = models.CharField(max_length=255, blank=True, default="")
    priority = models.PositiveSmallIntegerField(default=USUAL_PRIORITY)
    turn = models.BigIntegerField(default=0, editable=False)
    progress = models.JSONField(default=dict, blank=True)
    error_code = models.CharField(max_length=50, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")
    error_pointer = models.CharField(max_length=255, blank=True, default="")
    input_hash = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[WorkQuerySet] = WorkQuerySet.as_manager()  # type: ignore[assignment]

    lease: float = 0.0
    """Seconds of a renewal."""
    _renewed = _looked = _sure = 0.0

    class Meta:
        abstract = True
        # Rows that have ended are most of them, and nobody who looks for work wants to read them.
        indexes = [
            models.Index(fields=["status", "run_after"], name="%(class)s_due", condition=Q(finished_at=None)),
            models.Index(fields=["lease_until"], name="%(class)s_lease", condition=Q(finished_at=None)),
            models.Index(
                fields=["waiting_for", *PLACE],
                name="%(class)s_line",
                condition=Q(finished_at=None, lease_until=None),
            ),
            models.Index(fields=["priority", "turn"], name="%(class)s_turn", condition=Q(finished_at=None)),
        ]

    def parent(self) -> WorkRow | None:
        """The row that waits for this one."""
        return None

    def children(self) -> Iterable[QuerySet[Any]]:
        """The rows that this one may wait for."""
        return tuple(getattr(self, part).all() for part in self.PARTS)

    def when_ended(self) -> None:
        """What belongs into the transaction that ends this row, whoever ends it: money, events."""

    @property
    def has_ended(self) -> bool:
        """Whether its status will never change again."""
        return self.status in ENDED

    def ring(self) -> None:
        """Have a worker look whose turn it is, once the transaction is committed; in time it is this row's."""
        doorbell.ring(doorbell.ANSWER, str(self.pk), self.bell())

    def bell(self) -> str:
        """The queue that it is rung in now."""
        return self.QUEUE

    @classmethod
    def bells(cls) -> Mapping[str, Q]:
        """Every queue that rows are rung in, and which rows that are."""
        return {cls.QUEUE: Q()}

    @classmethod
    def line_name(cls) -> str:
        """Which turns are compared with its own."""
        return cls.LINE or cls._meta.label

    @classmethod
    def stranded(cls) -> Q:
        """Rows that were rung where nobody serves any more, and would be heard elsewhere."""
        return Q(pk__in=[])

    def holds(self, seconds: float) -> None:
        """This run has the row, for that long at a time; the claim says so."""
        self.lease, self._renewed = seconds, time.monotonic()
        self._looked = self._sure = self._renewed

    # The holder's moves. The fence says who that is: it grows with every claim and every handing back.

    def renew(self, progress: dict[str, Any] | None = None) -> None:
        """Say that work goes on. Call it often: it writes seldom. Raises what should stop the run."""
        if stop.asked():
            raise Stopping("This worker is shutting down.")
        now = time.monotonic()
        if progress is not None and progress != self.progress:
            self.progress = progress
            due = now - self._renewed >= 1
        else:
            due = now - self._renewed >= min(10.0, self.lease / 3)
        look = now - self._looked >= LOOK_EVERY
        try:
            if due:
                self._renewed = self._looked = now
                self._hold(progress=self.progress, lease_until=Now() + timedelta(seconds=self.lease))
                self._sure = now
            elif look:
                self._looked = now
                if not self._held().filter(IN_TIME, cancel_requested=False).exists():
                    self._hold()
        except (OperationalError, InterfaceError):
            # A database that is away for less than the lease costs nothing: until then the row is ours.
            connection = connections[self._state.db or DEFAULT_DB_ALIAS]
            if connection.in_atomic_block or now - self._sure > self.lease / 2:
                raise
            connection.close()

    def wait_for(self, children: int) -> None:
        """Hand the row back until that many children are done; the attempt is given back."""
        due = {"rung_at": Now()} if children == 0 else {}
        self._hand_back(self.RUNNING, waiting_for=children, attempt=F("attempt") - 1, **due)
        if children == 0:
            self.ring()

    def wait_until(self, when: datetime) -> None:
        """Hand the row back until then; the attempt is given back."""
        self._hand_back(self.RUNNING, run_after=when, attempt=F("attempt") - 1)

    def finish(self, **fields: Any) -> None:
        """End well, with these fields, in the caller's transaction if there is one; the last child rings its parent."""
        with transaction.atomic(using=self._state.db):
            clean = {"error_code": "", "error_detail": "", "error_pointer": "", **fields}
            self._must(self._end(self._held(), WorkState.COMPLETED, **clean))
            if (parent := self.parent()) is not None:
                parent._child_is_done()
            faultpoint(f"{self._meta.model_name}.before_commit")
            if faults.ARMED:
                after = partial(faultpoint, f"{self._meta.model_name}.after_commit")
                transaction.on_commit(after, using=self._state.db)

    def fail(self, code: str, detail: str, pointer: str = "") -> None:
        """End for good with an error; a parent that waits for this row fails with it."""
        with transaction.atomic(using=self._state.db):
            self._must(self._fail(self._held(), code, detail, pointer))
            if (parent := self.parent()) is not None:
                parent._child_failed(code, detail, pointer)

    def cancel(self) -> None:
        """End because somebody asked for it."""
        self._must(self._end(self._held(), WorkState.CANCELED))
        self._stop_children()

    def retry(self, code: str, detail: str) -> int | None:
        """Queue it again, 30 s and then 90 s from now, and say how many seconds; None when the attempts are spent."""
        if self.attempt >= self.max_attempts:
            self.fail("attempts_exhausted", exhausted(self.attempt))
            return None
        delay: int = min(int(settings.RETRY_BACKOFF) * 3**self.retry_count, LONGEST_DELAY)
        self._hand_back(
            WorkState.QUEUED,
            run_after=Now() + timedelta(seconds=delay),
            retry_count=F("retry_count") + 1,
            error_code=code,
            error_detail=detail,
        )
        return delay

    def release(self, *, spent: bool = False, pause: float = 0.0) -> None:
        """Queue it again, at once or after a pause: its worker shuts down, cannot do it, or died with the attempt
        `spent`. The work has not failed."""
        attempt = F("attempt") if spent else F("attempt") - 1
        due = Now() + timedelta(seconds=pause) if pause else Now()
        self._hand_back(WorkState.QUEUED, run_after=due, attempt=attempt, rung_at=Now())
        self.ring()

    # Anybody's moves.

    def request_cancel(self) -> bool:
        """Cancel what nobody runs at once, and have its worker cancel what runs. False if it had ended."""
        # The flag first: whoever hands the row back from now on sees it, and whoever did so before is seen here.
        self.cancel_requested = bool(self._row().live().update(cancel_requested=True, updated_at=Now()))
        if self._end(self._row().live().filter(lease_until=None), WorkState.CANCELED):
            self._stop_children()
        return self.cancel_requested

    def _row(self) -> WorkQuerySet:
        return WorkQuerySet(type(self), using=self._state.db).filter(pk=self.pk)

    def late(self) -> tuple[str, str]:
        """The code and the sentence of work that has run out of time."""
        code, sentence = "render_timeout", "Video rendering timeout"
        return code, sentence

    def _held(self) -> WorkQuerySet:
        return self._row().filter(fence=self.fence, finished_at=None)

    def _hold(self, **fields: Any) -> None:
        """Write while nothing speaks against going on; else raise what does."""
        if self._held().filter(IN_TIME, cancel_requested=False).update(updated_at=Now(), **fields):
            return
        held = self._held().values("cancel_requested").first()
        self._must(held)
        if held and held["cancel_requested"]:
            raise Canceled(f"{self._meta.verbose_name} {self.pk} was canceled.")
        raise DeadlinePassed(self.late()[1])

    def _hand_back(self, status: str, **fields: Any) -> None:
        # The fence grows, so that this run can't speak for the row again.
        moves = {"lease_until": None, "claimed_by": "", "rung_at": None, "fence": F("fence") + 1, **fields}
        self._must(self._held().update(status=status, progress=self.progress, updated_at=Now(), **moves))
        self.refresh_from_db()
        if self.cancel_requested:
            self.request_cancel()

    def _must(self, verdict: object) -> None:
        if not verdict:
            raise LeaseLost(f"The {self._meta.verbose_name} {self.pk} has ended or is held by another run.")

    def _end(self, among: WorkQuerySet, status: WorkState, **fields: Any) -> bool:
        moves = {"lease_until": None, "claimed_by": "", "waiting_for": None, "run_after": None, **fields}
        with transaction.atomic(using=self._state.db):
            if not among.update(status=status, finished_at=Now(), updated_at=Now(), **moves):
                return False
            self.refresh_from_db()
            self.when_ended()
            ended.count(self)
        return True

    def _fail(self, among: WorkQuerySet, code: str, detail: str, pointer: str) -> bool:
        if not self._end(among, WorkState.FAILED, error_code=code, error_detail=detail, error_pointer=pointer):
            return False
        # After the commit: parents are locked after their children everywhere, never before.
        transaction.on_commit(self._stop_children, using=self._state.db)
        return True

    def _child_is_done(self) -> None:
        self._row().waiting().update(waiting_for=F("waiting_for") - 1, updated_at=Now())
        # The update above holds the row until the commit, so only the last child finds 0 here.
        if self._row().live().filter(lease_until=None, waiting_for=0).update(rung_at=Now()):
            self.ring()

    def _child_failed(self, code: str, detail: str, pointer: str) -> None:
        if self._fail(self._row().waiting(), code, detail, pointer) and (parent := self.parent()) is not None:
            parent._child_failed(code, detail, pointer)

    def _stop_children(self) -> None:
        for children in self.children():
            for child in children.filter(finished_at=None):
                child.request_cancel()


def exhausted(attempts: int) -> str:
    """The sentence of work whose attempts are spent."""
    return f"Failed after {attempts} attempts"
