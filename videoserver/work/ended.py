"""What has ended, counted: one row more for each end, in its transaction; sums for those who ask."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import QuerySet, Sum

from videoserver.work.models import EndedWork

if TYPE_CHECKING:
    from videoserver.work.row import WorkRow

BOUNDS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Seconds: from an empty job on an idle machine to the least deadline of a whole film."""
LABELS = ("model", "kind", "status", "code")
ALIKE = (*LABELS, "wait_bucket", "run_bucket")
FOLD_ABOVE = 2000
"""Rows. To sum up so many takes some milliseconds."""
FOLD_AT_ONCE = 2000
"""While an SQLite file is folded nobody else writes to it: 0.15 s for so many."""
FOLD_ROUNDS = 10
Alike = tuple[str, str, str, str, int, int | None]


@dataclass
class Spread:
    """A histogram: how many stayed below each bound, the last of which is infinite, and the sum of all."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def add(self, bucket: int, count: int, seconds: float) -> None:
        self.buckets[bucket] += count
        self.seconds += seconds

    def cumulated(self) -> list[tuple[str, float]]:
        """As Prometheus wants them: each bucket holds those below it, too."""
        total, found = 0, []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self.buckets, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


@dataclass
class Sums:
    """Everything that ever ended."""

    ends: dict[tuple[str, str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    waits: dict[tuple[str, str], Spread] = field(default_factory=lambda: defaultdict(Spread))
    runs: dict[tuple[str, str], Spread] = field(default_factory=lambda: defaultdict(Spread))


def count(row: WorkRow) -> None:
    """Count a row that has just ended, in the transaction that ends it."""
    waited, ran = seconds(row.created_at, row.started_at), seconds(row.started_at, row.finished_at)
    EndedWork.objects.using(row._state.db or DEFAULT_DB_ALIAS).create(
        model=str(row._meta.model_name),
        kind=str(getattr(row, "kind", "")),  # most models of work have several kinds, and a column for it
        status=str(row.status),
        code=row.error_code,
        wait_bucket=bisect_left(BOUNDS, waited),
        run_bucket=bisect_left(BOUNDS, ran) if row.started_at else None,
        wait_seconds=waited,
        run_seconds=ran,
    )


def sums() -> Sums:
    """Of all ends that were committed. One statement, so that no fold comes in between."""
    found = Sums()
    for alike, ended, waited, ran in _grouped(EndedWork.objects.all()):
        model, kind, status, code, wait_bucket, run_bucket = alike
        found.ends[model, kind, status, code] += ended
        if run_bucket is not None:  # what was canceled before it began has waited for nothing
            found.waits[model, kind].add(wait_bucket, ended, waited)
            found.runs[model, kind].add(run_bucket, ended, ran)
    return found


def fold(above: int = FOLD_ABOVE) -> int:
    """Put rows together that are alike; how many became fewer. Any number of workers may do it at once."""
    fewer = 0
    for _ in range(FOLD_ROUNDS):
        if EndedWork.objects.count() <= above:
            break
        fewer += _fold_some()
    return fewer


def _fold_some() -> int:
    with transaction.atomic():
        mine = EndedWork.objects.order_by("pk").select_for_update(skip_locked=True)
        keys = list(mine.values_list("pk", flat=True)[:FOLD_AT_ONCE])
        rows = EndedWork.objects.filter(pk__in=keys)
        folded = [
            EndedWork(**dict(zip(ALIKE, alike, strict=True)), count=ended, wait_seconds=waited, run_seconds=ran)
            for alike, ended, waited, ran in _grouped(rows)
        ]
        rows.delete()
        EndedWork.objects.bulk_create(folded)
    return len(keys) - len(folded)


def seconds(since: datetime | None, until: datetime | None) -> float:
    """Between two moments, if both came; the clocks of two machines may say that the second was first."""
    return max(0.0, (until - since).total_seconds()) if since and until else 0.0


def _grouped(rows: QuerySet[EndedWork]) -> Iterator[tuple[Alike, int, float, float]]:
    total = rows.order_by().values_list(*ALIKE).annotate(Sum("count"), Sum("wait_seconds"), Sum("run_seconds"))
    for model, kind, status, code, wait_bucket, run_bucket, ended, waited, ran in total:
        yield (model, kind, status, code, wait_bucket, run_bucket), ended, waited, ran
