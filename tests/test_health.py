"""Health: 503 without database or storage; without broker or workers 200, but degraded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from videoserver import health
from videoserver.work.models import Worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def served(settings: Any) -> None:
    """A worker that answered its canary a moment ago looks after every queue."""
    for queue in settings.QUEUES:
        Worker.objects.create(queue=queue, supervisor="here:1:1", beat_at=timezone.now(), canary_at=timezone.now())


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No outcome of an earlier look is kept."""
    monkeypatch.setattr(health, "_storage_checked", {})


def test_it_lives(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/health/ready", "/health/ready/"])
def test_it_is_ready_when_database_storage_and_queues_answer(client: Client, served: None, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, answer.json()
    assert {name: check["ok"] for name, check in answer.json()["checks"].items()} == {
        "database": True,
        "storage": True,
        "broker": True,
        "workers": True,
    }
    assert answer.json()["status"] == "ok"
    assert answer.json()["versions"]["django"]
    assert "no-cache" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/health/ready", "/health"])
def test_without_a_worker_it_answers_and_is_degraded(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    found = answer.json()["checks"]["workers"]
    assert not found["ok"]
    assert found["detail"] == "no worker answers for default, media_import, render"
    assert "Start `manage.py worker`" in found["cure"]
    broker = answer.json()["checks"]["broker"]
    assert (broker["ok"], broker["detail"], broker["cure"]) == (True, "the database", "")


def test_without_its_database_it_is_not_ready_and_does_not_ask_it_for_the_workers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> str:
        raise OperationalError("no connection")

    monkeypatch.setitem(health.CHECKS, "database", refuse)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
    assert answer.json()["checks"]["workers"]["detail"] == "unknown without the database"


def test_it_is_not_ready_when_the_storage_cannot_be_written(
    client: Client, served: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> str:
        raise OSError("No space left on device: /secret/path")

    monkeypatch.setattr(type(storages["media"]), "save", refuse)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert not answer.json()["checks"]["storage"]["ok"]
    assert "/secret/path" not in answer.content.decode(), "what is wrong inside stays in the log"


def test_a_look_leaves_nothing_in_the_storage(client: Client, served: None) -> None:
    client.get("/health/ready")
    assert not list(Path(storages["media"].path("health")).glob("*"))


def test_ffmpeg_is_tried_and_only_staff_see_the_machine(client: Client, served: None, reviewer_admin: Client) -> None:
    answer = client.get("/health").json()
    assert answer["ffmpeg"]["available"] is True
    assert answer["ffmpeg"]["version"]
    assert "system" not in answer
    system = reviewer_admin.get("/health").json()["system"]
    assert system["cpus"] >= 1
    assert set(system["workspaces"]) == {"count", "bytes", "oldest", "failures"}
