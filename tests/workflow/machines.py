"""Machines of one installation: each has a disk of its own, and all have the database and the storage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db.models.functions import Now

from videoserver.work import here
from videoserver.work.models import Worker


class Machines:
    """`on("render-1")` makes this process work there."""

    def __init__(self, folder: Path, settings: Any) -> None:
        self.folder, self.settings = folder, settings

    def on(self, name: str) -> None:
        self.settings.DATA_DIR = self.folder / name
        self.settings.DATA_DIR.mkdir(exist_ok=True)
        self.settings.SEGMENTS_DIR = self.settings.DATA_DIR / "segments"
        self.settings.WORKER_NAME = name

    def serve(self, name: str, *queues: str) -> None:
        """Somebody serves these queues there, and answers."""
        self.on(name)
        for queue in queues:
            Worker.objects.create(
                name=name, queue=queue, supervisor=f"{name}:1:1", disk=here.disk(), canary_at=Now(), heard_until=Now()
            )

    def fall_silent(self, name: str) -> None:
        """A power cut, long enough ago."""
        Worker.objects.filter(name=name).update(beat_at="2020-01-01T00:00:00Z", canary_at="2020-01-01T00:00:00Z")

    def come_back(self, name: str) -> None:
        Worker.objects.filter(name=name).update(beat_at=Now(), canary_at=Now())
