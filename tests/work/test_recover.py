"""The reaper: what nobody looks after goes on, or ends with the right words."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from tests.work.errands.models import Errand
from videoserver.work import canary, doorbell, process, recover
from videoserver.work.models import Worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids for which the bell was rung; nothing is sent to a queue."""
    bells: list[str] = []
    monkeypatch.setattr(doorbell, "ring", lambda _task, pk, _queue: bells.append(pk))
    return bells


def ago(seconds: float) -> Any:
    return Now() - timedelta(seconds=seconds)


def errand(**fields: Any) -> Errand:
    """An errand in any state, as the clock would have left it."""
    made = Errand.objects.create()
    Errand.objects.filter(pk=made.pk).update(**fields)
    return read(made)


def claimed(**fields: Any) -> Errand:
    made = Errand.objects.claim(Errand.objects.create().pk)
    Errand.objects.filter(pk=made.pk).update(**fields)
    return read(made)


def read(row: Errand) -> Errand:
    return Errand.objects.get(pk=row.pk)


def heard(seconds: float) -> None:
    """The queue's canary that was sent so long ago has come back."""
    Worker.objects.update_or_create(queue="default", supervisor="here:1:1", defaults={"heard_until": ago(seconds)})


def test_a_lapsed_lease_is_queued_again_with_its_attempt_spent(rung: list[str]) -> None:
    row = claimed(lease_until=ago(1))
    assert recover.reap().requeued == 1
    assert (read(row).status, read(row).attempt, read(row).lease_until) == ("queued", 1, None)
    assert rung == [str(row.pk)]
    assert Errand.objects.claim(row.pk).attempt == 2


def test_a_lapsed_lease_of_the_last_attempt_has_failed() -> None:
    row = claimed(lease_until=ago(1), attempt=3)
    assert recover.reap().ended == 1
    assert (read(row).status, read(row).error_code) == ("failed", "attempts_exhausted")
    assert read(row).error_detail == "Failed after 3 attempts"


def test_a_live_lease_is_left_alone(rung: list[str]) -> None:
    row = claimed(deadline_at=ago(1), cancel_requested=True)
    assert not recover.reap()
    assert read(row).status == "running" and rung == []


def test_a_lost_bell_is_rung_again_but_not_at_once_and_not_twice(rung: list[str]) -> None:
    fresh, lost = errand(), errand(rung_at=ago(31))
    heard(0)
    assert recover.reap().rung == 1
    assert recover.reap().rung == 0
    assert rung == [str(lost.pk)]
    assert recover.reap(patience=0).rung == 2
    assert str(fresh.pk) in rung


def test_a_bell_that_waits_in_a_long_queue_is_not_rung_again(rung: list[str]) -> None:
    rows = [errand(rung_at=ago(300)) for _ in range(3)]
    assert recover.reap().rung == 0, "no worker: nobody takes what is in the queue already"
    heard(301)
    assert recover.reap().rung == 0, "the queue is busy with older bells"
    heard(299)
    assert recover.reap().rung == 3, "a later canary has come back, so these bells are lost"
    assert recover.reap().rung == 0
    assert sorted(rung) == sorted(str(row.pk) for row in rows)


def test_a_canary_proves_the_bells_before_it_and_none_after(rung: list[str]) -> None:
    worker = Worker.objects.create(queue="default", supervisor=process.me(), sent_at=ago(30))
    before, after = errand(rung_at=ago(60)), errand(rung_at=ago(20))
    canary.ring(worker)
    canary.answer(str(worker.pk))
    assert recover.reap(patience=10).rung == 1
    assert str(before.pk) in rung and str(after.pk) not in rung


def test_a_retry_is_rung_when_it_is_due(rung: list[str]) -> None:
    row = claimed()
    row.retry("network_error", "Network error: reset")
    assert recover.reap().rung == 0
    Errand.objects.filter(pk=row.pk).update(run_after=ago(0))
    assert recover.reap().rung == 1
    assert rung == [str(row.pk)]


def test_a_poll_is_rung_when_it_is_due(rung: list[str]) -> None:
    row = claimed(lease_until=None, run_after=ago(0), rung_at=None)
    assert recover.reap().rung == 1
    assert rung == [str(row.pk)]


@pytest.mark.parametrize(
    "state",
    [
        {"status": "queued"},
        {"status": "running", "lease_until": ago(1)},
        {"status": "running", "waiting_for": 2},
    ],
)
def test_a_passed_deadline_ends_whatever_nobody_runs(state: dict[str, Any]) -> None:
    row = errand(deadline_at=ago(1), **state)
    assert recover.reap().ended == 1
    assert (read(row).status, read(row).error_code) == ("failed", "render_timeout")
    assert read(row).error_detail == "Video rendering timeout"


def test_what_was_canceled_while_its_worker_died_is_canceled() -> None:
    row = claimed(cancel_requested=True, lease_until=ago(1))
    assert recover.reap().ended == 1
    assert read(row).status == "canceled"


def test_a_parent_whose_children_are_done_is_woken_once(rung: list[str]) -> None:
    parent = errand(status="running", waiting_for=1)
    child = Errand.objects.create(whole=parent)
    assert recover.reap().woken == 0
    Errand.objects.filter(pk=child.pk).update(status="completed", finished_at=Now())
    assert recover.reap().woken == 1
    assert recover.reap().woken == 0
    assert rung == [str(parent.pk)]
    assert Errand.objects.claim(parent.pk) is not None


def test_a_parent_with_a_failed_child_fails_with_its_code(django_capture_on_commit_callbacks: Any) -> None:
    parent = errand(status="running", waiting_for=2)
    bad, other = Errand.objects.create(whole=parent), Errand.objects.create(whole=parent)
    Errand.objects.filter(pk=bad.pk).update(status="failed", error_code="input_gone", finished_at=Now())
    with django_capture_on_commit_callbacks(execute=True):
        assert recover.reap().ended == 1
    assert (read(parent).status, read(parent).error_code) == ("failed", "input_gone")
    assert read(other).status == "canceled"


def test_the_leases_of_a_dead_process_of_this_machine_are_released_at_once(rung: list[str]) -> None:
    worker = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = process.name_of(worker.pid)
    row, elsewhere = claimed(claimed_by=name), claimed(claimed_by=f"another-host:{worker.pid}:1")
    assert recover.release_dead() == 0
    worker.kill()
    worker.communicate()
    assert recover.release_dead() == 1
    assert (read(row).status, read(row).attempt) == ("queued", 1)
    assert read(elsewhere).status == "running"
    assert rung == [str(row.pk)]


def test_a_pid_that_is_used_again_is_another_process() -> None:
    place, pid, started = process.me().split(":")
    assert process.alive(f"{place}:{pid}:{started}") is True
    assert process.alive(f"{place}:{pid}:{int(started) - 1}") is False
    assert process.alive(f"elsewhere:{pid}:{started}") is None


def test_a_clean_stop_gives_the_attempt_back() -> None:
    row = claimed(claimed_by=f"{process.place()}:4194305:1")
    assert recover.release_dead(spent=False) == 1
    assert (read(row).status, read(row).attempt) == ("queued", 0)


def test_one_row_that_cannot_be_moved_does_not_keep_the_others_waiting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stuck, other = claimed(lease_until=ago(1), attempt=3), claimed(lease_until=ago(1))

    def refuse(row: Errand) -> None:
        raise ValueError(f"{row} can't be settled")

    monkeypatch.setattr(Errand, "when_ended", refuse)
    assert recover.reap().requeued == 1
    assert (read(stuck).status, read(other).status) == ("running", "queued")
    assert "could not be moved on" in caplog.text
