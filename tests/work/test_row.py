"""Durable rows: every move, every refusal."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from tests.work.errands.models import Errand
from videoserver.work import doorbell, stop
from videoserver.work import row as row_module
from videoserver.work.row import Canceled, DeadlinePassed, LeaseLost, Stopping, WorkQuerySet, WorkState

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids for which the bell was rung; nothing is sent to a queue."""
    bells: list[str] = []
    monkeypatch.setattr(doorbell, "ring", lambda _task, pk, _queue: bells.append(pk))
    return bells


def claimed(**fields: Any) -> Errand:
    errand = Errand.objects.claim(Errand.objects.create(**fields).pk)
    assert errand is not None
    return errand


def read(errand: Errand) -> Errand:
    return Errand.objects.get(pk=errand.pk)


def let_lapse(errand: Errand) -> None:
    Errand.objects.filter(pk=errand.pk).update(lease_until=Now() - timedelta(seconds=1))


def let_be_due(errand: Errand) -> None:
    Errand.objects.filter(pk=errand.pk).update(run_after=Now())


def test_a_claim_spends_an_attempt_and_holds_a_lease() -> None:
    errand = claimed()
    assert (errand.status, errand.attempt, errand.fence) == ("running", 1, 1)
    left = (errand.lease_until - timezone.now()).total_seconds()
    assert 55 < left <= 60
    assert errand.claimed_by.count(":") == 2
    assert errand.started_at


def test_a_second_claim_of_a_held_row_gets_nothing() -> None:
    errand = claimed()
    assert Errand.objects.claim(errand.pk) is None


def test_what_is_not_due_yet_is_not_claimed() -> None:
    errand = Errand.objects.create(run_after=timezone.now() + timedelta(minutes=1))
    assert Errand.objects.claim(errand.pk) is None


def test_what_has_ended_is_not_claimed() -> None:
    errand = claimed()
    errand.finish()
    assert Errand.objects.claim(errand.pk) is None


def test_a_lapsed_lease_can_be_claimed_and_the_zombie_is_refused() -> None:
    zombie = claimed()
    let_lapse(zombie)
    heir = Errand.objects.claim(zombie.pk)
    assert heir.fence == 2 and heir.attempt == 2
    zombie._renewed = zombie._looked = -100.0
    with pytest.raises(LeaseLost):
        zombie.renew()
    with pytest.raises(LeaseLost):
        zombie.finish(result="a zombie's")
    with pytest.raises(LeaseLost):
        zombie.fail("zombie", "A zombie's.")
    with pytest.raises(LeaseLost):
        zombie.retry("zombie", "A zombie's.")
    heir.finish(result="the heir's")
    assert read(heir).result == "the heir's"


def test_a_renewal_extends_the_lease_and_writes_progress() -> None:
    errand = claimed()
    Errand.objects.filter(pk=errand.pk).update(lease_until=Now() + timedelta(seconds=1))
    errand._renewed -= 1
    errand.renew({"done": 1})
    kept = read(errand)
    assert kept.progress == {"done": 1}
    assert (kept.lease_until - timezone.now()).total_seconds() > 50


def test_renewals_write_seldom(django_assert_num_queries: Any) -> None:
    errand = claimed()
    with django_assert_num_queries(0):
        for step in range(100):
            errand.renew({"done": step})


def test_a_cancel_is_seen_between_two_writes() -> None:
    errand = claimed()
    assert read(errand).request_cancel()
    errand._looked = -100.0
    with pytest.raises(Canceled):
        errand.renew()
    errand.cancel()
    assert read(errand).status == "canceled"


def test_a_passed_deadline_stops_the_run() -> None:
    errand = claimed()
    Errand.objects.filter(pk=errand.pk).update(deadline_at=Now() - timedelta(seconds=1))
    errand._looked = -100.0
    with pytest.raises(DeadlinePassed):
        errand.renew()


def test_a_database_that_is_away_for_a_moment_does_not_stop_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("the database is away")

    errand = claimed()
    errand._renewed = -100.0
    with monkeypatch.context() as patch:
        patch.setattr(WorkQuerySet, "update", away)
        # The test itself is in a transaction, a run is not.
        lost = SimpleNamespace(in_atomic_block=False, close=lambda: None)
        patch.setattr(row_module, "connections", {"default": lost})
        errand.renew()
        errand._renewed = errand._sure = -100.0
        with pytest.raises(OperationalError):
            errand.renew()
    errand.finish()


def test_a_worker_that_shuts_down_stops_its_run_and_claims_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    errand = claimed()
    monkeypatch.setattr(stop, "_asked", True)
    with pytest.raises(Stopping):
        errand.renew()
    assert Errand.objects.claim(Errand.objects.create().pk) is None


def test_retries_come_after_30_and_90_seconds_and_then_it_has_failed() -> None:
    errand = claimed()
    for delay in (30, 90):
        assert errand.retry("network_error", "Network error: reset") == delay
        kept = read(errand)
        assert (kept.status, kept.error_code) == ("queued", "network_error")
        assert abs((kept.run_after - timezone.now()).total_seconds() - delay) < 2
        assert Errand.objects.claim(errand.pk) is None
        let_be_due(errand)
        errand = Errand.objects.claim(errand.pk)
    assert errand.attempt == 3
    assert errand.retry("network_error", "Network error: reset") is None
    kept = read(errand)
    assert (kept.status, kept.error_code) == ("failed", "attempts_exhausted")
    assert kept.error_detail == "Failed after 3 attempts"
    assert kept.retry_count == 2


def test_a_clean_shutdown_gives_the_attempt_back_and_a_death_does_not(rung: list[str]) -> None:
    errand = claimed()
    errand.release()
    assert (read(errand).status, read(errand).attempt) == ("queued", 0)
    errand = Errand.objects.claim(errand.pk)
    errand.release(spent=True)
    assert (read(errand).status, read(errand).attempt) == ("queued", 1)
    assert rung == [str(errand.pk)] * 2


def test_a_terminal_row_never_changes() -> None:
    errand = claimed()
    errand.finish(result="done")
    assert not errand.request_cancel()
    for move in (errand.cancel, errand.release, lambda: errand.fail("late", "Late."), lambda: errand.wait_for(1)):
        with pytest.raises(LeaseLost):
            move()
    kept = read(errand)
    assert (kept.status, kept.result, kept.cancel_requested) == ("completed", "done", False)
    assert kept.finished_at and kept.lease_until is None


def test_the_database_refuses_an_unknown_state() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Errand.objects.create(status="somewhere")


def test_a_queued_row_is_canceled_at_once_and_a_running_one_when_its_worker_sees_it() -> None:
    queued, running = Errand.objects.create(), claimed()
    assert queued.request_cancel() and running.request_cancel()
    assert (read(queued).status, read(running).status) == ("canceled", "running")
    assert read(running).cancel_requested


def test_a_parent_waits_holding_nothing_and_the_last_child_rings_it_once(rung: list[str]) -> None:
    parent = claimed()
    first, second = (claimed(whole=parent) for _ in range(2))
    parent.wait_for(2)
    kept = read(parent)
    assert (kept.status, kept.attempt, kept.lease_until, kept.waiting_for) == ("running", 0, None, 2)
    assert Errand.objects.claim(parent.pk) is None
    first.finish()
    assert rung == []
    second.finish()
    assert rung == [str(parent.pk)]
    again = Errand.objects.claim(parent.pk)
    assert (again.attempt, again.waiting_for, again.started_at) == (1, None, parent.started_at)
    again.finish()


def test_a_parent_without_children_to_wait_for_goes_on(rung: list[str]) -> None:
    parent = claimed()
    parent.wait_for(0)
    assert rung == [str(parent.pk)]
    assert Errand.objects.claim(parent.pk) is not None


def test_a_failed_child_fails_its_parent_and_stops_its_siblings(django_capture_on_commit_callbacks: Any) -> None:
    parent = claimed()
    first, second, third = claimed(whole=parent), claimed(whole=parent), Errand.objects.create(whole=parent)
    parent.wait_for(3)
    with django_capture_on_commit_callbacks(execute=True):
        first.fail("input_gone", "The picture is gone.", "/scenes/1/params/image")
    kept = read(parent)
    assert (kept.status, kept.error_code, kept.error_pointer) == ("failed", "input_gone", "/scenes/1/params/image")
    assert read(second).cancel_requested and read(third).status == "canceled"


def test_canceling_a_waiting_parent_cancels_its_children() -> None:
    parent = claimed()
    running, queued = claimed(whole=parent), Errand.objects.create(whole=parent)
    parent.wait_for(2)
    assert read(parent).request_cancel()
    assert read(parent).status == "canceled"
    assert read(queued).status == "canceled" and read(running).cancel_requested


def test_a_poll_waits_until_its_time_and_costs_no_attempt() -> None:
    errand = claimed()
    errand.wait_until(timezone.now() + timedelta(minutes=5))
    assert Errand.objects.claim(errand.pk) is None
    let_be_due(errand)
    again = Errand.objects.claim(errand.pk)
    assert again.attempt == 1


def test_finishing_belongs_to_the_callers_transaction() -> None:
    errand = claimed()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        errand.finish(result="never")
        raise ZeroDivisionError
    assert read(errand).status == "running"
    Errand.objects.filter(pk=errand.pk, fence=F("fence")).update(result="kept")


def test_what_belongs_to_the_end_happens_whoever_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[str] = []
    monkeypatch.setattr(Errand, "when_ended", lambda errand: ends.append(errand.status))
    claimed().finish()
    claimed().fail("broken", "Broken.")
    Errand.objects.create().request_cancel()
    assert ends == [WorkState.COMPLETED, WorkState.FAILED, WorkState.CANCELED]
