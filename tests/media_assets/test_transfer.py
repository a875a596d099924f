"""However long the storage takes, whoever waits for it goes on being told, and may end it."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import File

from media_assets import ingest, transfer
from media_assets.exceptions import InputGone
from media_assets.models import MediaAsset
from media_assets.storage.local import LocalStorage
from tests import footage
from tests.media_assets.conftest import files

TICKS = 3


class Ears:
    """Count what they hear, in the thread that they belong to."""

    def __init__(self) -> None:
        self.heard, self.thread, self.full = 0, threading.current_thread(), threading.Event()

    def __call__(self, event: dict[str, Any]) -> None:
        assert event["event"] == "tick" and threading.current_thread() is self.thread
        self.heard += 1
        if self.heard >= TICKS:
            self.full.set()


class Patient(LocalStorage):
    """Goes on only when the ears of the test have heard enough."""

    full = threading.Event()

    def _save(self, name: str, content: File[Any]) -> str:
        assert self.full.wait(20)
        return super()._save(name, content)

    def open(self, name: str, mode: str = "rb") -> File[Any]:
        assert self.full.wait(20)
        return super().open(name, mode)


@pytest.fixture
def patient(settings: Any, library: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Ears], None]:
    """Have the storage wait for these ears."""
    monkeypatch.setattr(transfer, "TICK", 0.01)

    def wait_for(ears: Ears) -> None:
        monkeypatch.setattr(Patient, "full", ears.full)
        media = {"BACKEND": f"{__name__}.Patient", "OPTIONS": {"location": str(library)}}
        settings.STORAGES = {**settings.STORAGES, "media": media}

    return wait_for


def test_a_slow_storage_is_told_of_every_second(
    author: User, library: Path, tmp_path: Path, patient: Callable[[Ears], None]
) -> None:
    ears = Ears()
    patient(ears)
    stored = ingest.put(footage.film(tmp_path / "pier.mp4", seconds=0.2), author, on_event=ears)
    assert ears.heard > TICKS
    assert (library / stored.key).stat().st_size == stored.size


def test_a_slow_fetch_is_told_of_every_second(
    pier: MediaAsset, tmp_path: Path, patient: Callable[[Ears], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    ears = Ears()
    patient(ears)
    assert ingest.fetch(pier, tmp_path, on_event=ears).stat().st_size == pier.size
    assert ears.heard >= TICKS


class Enough(Exception):
    """What the listener raises."""


def enough(_event: dict[str, Any]) -> None:
    raise Enough


def test_who_has_heard_enough_leaves_nothing_behind(
    author: User, pier: MediaAsset, library: Path, tmp_path: Path, settings: Any
) -> None:
    before, folder = files(library), tmp_path / "job"
    folder.mkdir()
    with pytest.raises(Enough):
        transfer.store(footage.picture(tmp_path / "a.png"), "media/a.png", enough)
    with pytest.raises(Enough):
        ingest.put(footage.film(tmp_path / "a.mp4", seconds=0.2), author, on_event=enough)
    with pytest.raises(Enough):
        ingest.fetch(pier, folder, on_event=enough)
    assert files(library) == before
    assert not files(folder) and not list(settings.WORKSPACES_DIR.iterdir())


def test_reading_ends_at_the_next_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "TICK", 0.01)
    chunks = 0

    def endless(go_on: Callable[[], None]) -> None:
        nonlocal chunks
        while True:
            go_on()
            chunks += 1

    with pytest.raises(Enough):
        transfer.beside(endless, enough)
    assert chunks > 0


def test_a_file_on_the_same_disk_is_linked_and_still_checked(pier: MediaAsset, library: Path, tmp_path: Path) -> None:
    folder, stored = tmp_path / "job", library / pier.key
    folder.mkdir()
    path = ingest.fetch(pier, folder)
    assert path.samefile(stored)
    path.unlink()
    data = bytearray(stored.read_bytes())
    data[len(data) // 2] ^= 1
    stored.write_bytes(data)
    with pytest.raises(InputGone):
        ingest.fetch(pier, folder)
    assert not files(folder) and stored.exists()


def test_a_file_of_another_disk_is_copied(
    pier: MediaAsset, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    folder = tmp_path / "job"
    folder.mkdir()
    path = ingest.fetch(pier, folder)
    assert not path.samefile(library / pier.key) and path.read_bytes() == (library / pier.key).read_bytes()
