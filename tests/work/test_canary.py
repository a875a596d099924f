"""Whether a queue is served."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from tests.work.errands.models import Errand
from videoserver.work import canary, cluster, process
from videoserver.work.models import Worker

pytestmark = pytest.mark.django_db


def worker(**fields: Any) -> Worker:
    usual = {"name": "one", "queue": "default", "supervisor": process.me(), "main": process.me()}
    return Worker.objects.create(**{**usual, **fields})


def ago(seconds: float) -> Any:
    return Now() - timedelta(seconds=seconds)


def test_nobody_serves_an_empty_house() -> None:
    assert not cluster.alive("default")
    assert canary.age("default") is None
    assert canary.round_trip("default", seconds=0) is None


def test_a_queue_is_served_from_its_first_canary_on() -> None:
    started = worker()
    assert not cluster.alive("default")
    canary.answer(str(started.pk))
    assert cluster.alive("default") and not cluster.alive("render")
    age = canary.age("default")
    assert age is not None and 0 <= age < 5


def test_a_silent_queue_is_not_served() -> None:
    worker(canary_at=ago(200))
    assert not cluster.alive("default")


def test_a_dead_supervisors_queue_is_not_served() -> None:
    worker(canary_at=ago(1), beat_at=ago(60))
    assert not cluster.alive("default")


def test_a_busy_queue_is_served_although_no_canary_comes_through() -> None:
    worker(canary_at=ago(500))
    Errand.objects.claim(Errand.objects.create().pk)
    assert cluster.alive("default")


def test_a_queue_that_is_busy_from_its_first_second_on_is_served_before_its_first_canary() -> None:
    Errand.objects.claim(Errand.objects.create().pk)
    assert not cluster.alive("default"), "nobody says that the lease's worker lives"
    worker()
    assert cluster.alive("default")


def test_the_dead_are_forgotten_and_the_living_are_not() -> None:
    worker()
    worker(queue="render", supervisor=f"{process.place()}:4194305:1")
    worker(queue="media_import", supervisor="another-host:1:1", beat_at=ago(90000))
    assert [gone.queue for gone in canary.forget_the_dead()] == ["render"]
    assert [left.queue for left in Worker.objects.all()] == ["default"]
