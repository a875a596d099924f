"""Health answers 200 only when everything that a render needs answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
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
        "queue": True,
    }
    assert answer.json()["versions"]["django"]
    assert "no-cache" in answer["Cache-Control"]


def test_it_is_not_ready_without_a_worker(client: Client) -> None:
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert not answer.json()["checks"]["queue"]["ok"]
    assert answer.json()["checks"]["queue"]["detail"] == "no worker answers for default, media_import, render"


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
