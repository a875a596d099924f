"""Whose turn it is: priorities, owners that take turns, what was begun, and what it costs to find out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from tests.work.errands.models import Errand
from videoserver.work import doorbell, here, line, stop

pytestmark = pytest.mark.django_db


def order(owner: str, priority: int = 5, **fields: Any) -> Errand:
    """An errand at its owner's place in line. (An errand has no owner; its result's field says who it is.)"""
    turn = line.turn_of(Errand, priority, result=owner)
    return Errand.objects.create(result=owner, priority=priority, turn=turn, **fields)


def begun() -> list[str]:
    """Whose rows are begun, one after the other, until none is left."""
    owners = []
    while found := line.up_next("default"):
        errand = Errand.objects.claim(found[2])
        owners.append(errand.result)
        errand.finish()
    return owners


def test_first_come_first_served_within_one_owner() -> None:
    rows = [order("ann") for _ in range(3)]
    claimed = []
    while found := line.up_next("default"):
        claimed.append(found[2])
        Errand.objects.claim(found[2]).finish()
    assert claimed == [row.pk for row in rows]


def test_an_owner_of_many_rows_does_not_starve_another_one() -> None:
    for _ in range(10):
        order("ann")
    order("bob")
    assert begun().index("bob") == 1


def test_owners_take_turns_however_much_each_has_ordered() -> None:
    for _ in range(6):
        order("ann")
    for _ in range(3):
        order("bob")
    order("eve")
    assert begun() == ["ann", "bob", "eve", "ann", "bob", "ann", "bob", "ann", "ann", "ann"]


def test_who_comes_late_stands_beside_the_row_that_is_up_now() -> None:
    """Neither before all that the others have been served already, nor behind all that they have ordered."""
    for _ in range(8):
        order("ann")
    for _ in range(5):
        Errand.objects.claim(line.up_next("default")[2]).finish()  # type: ignore[index]
    for _ in range(3):
        order("bob")
    assert begun() == ["ann", "bob", "ann", "bob", "ann", "bob"]


def test_a_row_that_waits_for_its_retry_does_not_hold_the_line() -> None:
    order("ann", run_after=timezone.now() + timedelta(hours=1))
    for _ in range(4):
        Errand.objects.filter(pk=order("bob").pk).update(turn=7)
    assert order("eve").turn == 7


def test_a_whole_that_waits_for_its_parts_does_not_hold_the_line() -> None:
    """A long film of long ago must not let newcomers pass everybody who has ordered since."""
    Errand.objects.claim(order("ann").pk).wait_for(2)
    for _ in range(4):
        Errand.objects.filter(pk=order("bob").pk).update(turn=7)
    assert order("eve").turn == 7


def test_what_is_being_worked_on_counts_as_now_too() -> None:
    held = order("ann")
    Errand.objects.filter(pk=held.pk).update(turn=7)
    Errand.objects.claim(held.pk)
    assert (order("eve").turn, order("ann").turn) == (7, 8)


def test_a_row_that_takes_long_does_not_let_newcomers_pass_everybody() -> None:
    Errand.objects.claim(order("slow").pk)
    rows = [order("ann") for _ in range(4)]
    for turn, row in enumerate(rows, start=60):  # sixty of hers have been served meanwhile
        Errand.objects.filter(pk=row.pk).update(turn=turn)
    for _ in range(3):
        order("bob")
    assert begun() == ["ann", "bob", "ann", "bob", "ann", "bob", "ann"]


def test_a_higher_priority_goes_first_and_a_lower_one_last() -> None:
    for name, priority in (("usual", 5), ("late", 0), ("urgent", 9), ("usual", 5)):
        order(name, priority)
    assert begun() == ["urgent", "usual", "usual", "late"]


@pytest.mark.parametrize("priority", [10, 11, 32000])
def test_the_database_refuses_a_priority_that_there_is_not(priority: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Errand.objects.create(priority=priority)


def test_what_was_begun_and_can_go_on_stands_before_what_was_not() -> None:
    order("new", priority=9)
    parent = Errand.objects.claim(order("begun", priority=0).pk)
    parent.wait_for(0)
    assert begun() == ["begun", "new"]


def test_what_waits_or_is_not_due_or_is_held_is_passed_over() -> None:
    Errand.objects.claim(order("held").pk)
    Errand.objects.claim(order("waits").pk).wait_for(2)
    order("later", run_after=timezone.now() + timedelta(minutes=1))
    order("canceled", cancel_requested=True)
    order("too late", deadline_at=timezone.now() - timedelta(seconds=1))
    order("spent", attempt=3)
    assert begun() == []


def test_a_poll_that_is_due_goes_on() -> None:
    errand = Errand.objects.claim(order("polls").pk)
    errand.wait_until(timezone.now() + timedelta(hours=1))
    assert line.up_next("default") is None
    Errand.objects.filter(pk=errand.pk).update(run_after=Now())
    assert begun() == ["polls"]


def test_a_worker_takes_rows_of_its_own_queue_only() -> None:
    order("ann")
    assert line.up_next("media_import") is None
    assert line.up_next("default") is not None


def test_a_bell_is_answered_with_the_row_whose_turn_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "_queue", "default")
    rung_for, urgent = order("ann"), order("bob", priority=9)
    line.answer(str(rung_for.pk))
    statuses = dict(Errand.objects.values_list("pk", "status"))
    assert (statuses[urgent.pk], statuses[rung_for.pk]) == ("completed", "queued")
    line.answer(str(urgent.pk))
    assert Errand.objects.get(pk=rung_for.pk).status == "completed"
    line.answer(str(rung_for.pk))  # a bell with nothing behind it


def test_a_retry_that_is_due_does_not_take_the_bell_of_another_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "_queue", "default")
    rung: list[str] = []
    monkeypatch.setattr(doorbell, "ring", lambda _task, pk, _queue: rung.append(pk))
    retry, new = order("ann"), order("ann")
    Errand.objects.filter(pk=retry.pk).update(rung_at=None, attempt=1)
    line.answer(str(new.pk))
    assert Errand.objects.get(pk=retry.pk).status == "completed"
    assert rung == [str(retry.pk)]
    line.answer(str(new.pk))
    assert Errand.objects.get(pk=new.pk).status == "completed"
    assert len(rung) == 1


def test_who_loses_the_race_for_a_row_takes_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "_queue", "default")
    first, second = order("ann"), order("ann")
    really = Errand.objects.claim

    def quicker(pk: Any, lease: float | None = None) -> Any:
        monkeypatch.undo()
        really(first.pk)
        return really(pk)

    monkeypatch.setattr(type(Errand.objects), "claim", lambda _self, pk, lease=None: quicker(pk, lease))
    line.answer(str(first.pk))
    assert Errand.objects.get(pk=second.pk).status == "completed"


def test_a_worker_that_shuts_down_begins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    errand = order("ann")
    monkeypatch.setattr(stop, "_asked", True)
    line.answer(str(errand.pk))
    assert Errand.objects.get(pk=errand.pk).status == "queued"
