"""Counts of what has ended: right to the last one, whoever ends, folds and reads at the same time."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from tests.work.errands.models import Errand
from tests.workflow.race import at_once
from videoserver.work import ended
from videoserver.work.models import EndedWork

pytestmark = pytest.mark.django_db(transaction=True)
EACH = 15


def end_some() -> None:
    for _ in range(EACH):
        Errand.objects.claim(Errand.objects.create().pk).finish()


def fold_some() -> None:
    for _ in range(EACH):
        ended.fold(above=0)


def watch() -> list[int]:
    """What somebody who reads meanwhile sees, one sum after the other."""
    return [sum(ended.sums().ends.values()) for _ in range(2 * EACH)]


def test_nothing_is_lost_or_counted_twice_while_it_is_folded_and_read() -> None:
    *_, seen = at_once(end_some, end_some, fold_some, fold_some, watch)
    assert seen == sorted(seen), "a counter never goes back"
    ended.fold(above=0)
    sums = ended.sums()
    assert dict(sums.ends) == {("errand", "", "completed", ""): 2 * EACH}
    assert sum(sums.runs["errand", ""].buckets) == sum(sums.waits["errand", ""].buckets) == 2 * EACH


def test_who_ends_work_waits_for_nobody_who_ends_some_too() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("one SQLite file has one writer at a time")
    first, second = (Errand.objects.claim(Errand.objects.create().pk) for _ in range(2))
    other_has_ended = threading.Event()

    def end_and_linger() -> None:
        with transaction.atomic():
            first.finish()
            assert other_has_ended.wait(20), "the second end waited for the first one's transaction"

    def end() -> None:
        second.finish()
        other_has_ended.set()

    at_once(end_and_linger, end)
    assert sum(ended.sums().ends.values()) == EndedWork.objects.count() == 2
