"""The command that moves on what nobody looks after: for real, as a rehearsal, and only what is old."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from tests.work.errands.models import Errand
from videoserver.work import doorbell, process
from videoserver.work.models import Worker

DEAD = f"{process.place()}:4194305:1"


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids for which a bell went out; nothing is sent to a queue."""
    bells: list[str] = []
    monkeypatch.setattr(doorbell, "ring_now", lambda _task, pk, _queue: bells.append(pk))
    return bells


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("requeue_stale", *arguments, stdout=out)
    return out.getvalue().strip()


def ago(seconds: float) -> Any:
    return Now() - timedelta(seconds=seconds)


def errand(**fields: Any) -> Errand:
    """An errand as it was left so long ago, with what is said of it."""
    made = Errand.objects.create()
    Errand.objects.filter(pk=made.pk).update(**{"rung_at": None, "updated_at": ago(3600), **fields})
    return made


def stale() -> dict[str, Errand]:
    """One row for each kind of move. A canary that came back proves that the queue holds no older bell."""
    Worker.objects.create(queue="default", supervisor=process.me(), heard_until=Now())
    running = {"status": "running", "attempt": 1}
    parent = errand(**running, waiting_for=1)
    Errand.objects.filter(pk=errand(status="completed", finished_at=Now()).pk).update(whole=parent)
    return {
        "released": errand(**running, lease_until=ago(-60), claimed_by=DEAD),
        "requeued": errand(**running, lease_until=ago(600)),
        "ended": errand(deadline_at=ago(600)),
        "woken": parent,
        "rung": errand(rung_at=ago(600)),
    }


def everything() -> list[dict[str, Any]]:
    return list(Errand.objects.order_by("pk").values())


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_one_round_says_how_many_rows_it_moved_of_each_kind(rung: list[str]) -> None:
    rows = stale()
    assert told() == "1 released from dead workers, 1 requeued, 1 ended, 1 woken, 1 rung"
    assert sorted(rung) == sorted(str(rows[kind].pk) for kind in ("released", "requeued", "woken", "rung"))
    assert told() == "0 released from dead workers, 0 requeued, 0 ended, 0 woken, 0 rung"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_dry_run_says_the_same_and_changes_nothing(rung: list[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    stale()
    before = everything()
    said = "1 released from dead workers, 1 requeued, 1 ended, 1 woken, 1 rung"
    assert told("--dry-run") == f"Nothing is changed; it would be: {said}"
    assert everything() == before
    assert rung == [], "no bell rings for what did not happen"
    assert caplog.messages == [], "and no line tells of it"
    assert told() == said
    assert any(DEAD in line for line in caplog.messages)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ({"status": "running", "attempt": 1, "lease_until": ago(300)}, "1 requeued"),
        ({"rung_at": ago(300)}, "1 rung"),
        ({"run_after": ago(300)}, "1 rung"),
        ({"cancel_requested": True, "updated_at": ago(300)}, "1 ended"),
    ],
)
def test_what_is_younger_than_asked_for_is_left_alone(state: dict[str, Any], kind: str) -> None:
    Worker.objects.create(queue="default", supervisor=process.me(), heard_until=Now())
    errand(**state)
    before = everything()
    assert told("--older-than", "6m") == "0 released from dead workers, 0 requeued, 0 ended, 0 woken, 0 rung"
    assert everything() == before
    assert kind in told("--older-than", "4m", "--dry-run")
    assert everything() == before
    assert kind in told("--older-than", "4m")


@pytest.mark.django_db
def test_what_its_process_held_until_now_is_young_although_that_is_dead() -> None:
    errand(status="running", attempt=1, lease_until=ago(-60), claimed_by=DEAD)
    assert told("--older-than", "1m").startswith("0 released")
    assert told().startswith("1 released")


def test_an_age_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="'long' is no age"):
        told("--older-than", "long")
