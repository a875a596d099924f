"""What a killed run left in the storage goes; what any row names, and what may still get one, stays."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils.module_loading import import_string

from media_assets import forgotten, ingest
from media_assets.models import MediaAsset
from tests import footage
from tests.media_assets.conftest import files
from videoserver import settings as shipped

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No walk of an earlier test goes on."""
    monkeypatch.setattr(forgotten, "_walk", forgotten.Walk())


def left(library: Path, owner: User, days: float = 2, folder: str = "") -> Path:
    """A file that was stored so long ago, and no row names."""
    name = f"media/{owner.pk}/{folder or uuid4()}/original-{secrets.token_hex(8)}.mp4"
    storages["media"].save(name, ContentFile(b"film"))
    age(library / name, days)
    return library / name


def age(path: Path, days: float) -> None:
    then = path.stat().st_mtime - days * 86400
    os.utime(path, (then, then))


def walks(count: int = 2) -> int:
    """So many whole walks; how many files they removed."""
    return sum(forgotten.sweep(every=0) for _ in range(count))


def test_a_forgotten_file_goes_with_its_folder_and_is_logged(
    library: Path, author: User, pier: MediaAsset, caplog: pytest.LogCaptureFixture
) -> None:
    own = files(library)
    gone = left(library, author)
    assert walks() == 1
    assert files(library) == own
    assert not gone.parent.exists()
    assert str(gone.relative_to(library)) in caplog.text


def test_a_run_that_is_killed_between_storing_and_recording_leaves_a_file_that_goes(
    library: Path, author: User, pier: MediaAsset, tmp_path: Path
) -> None:
    own = files(library)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/media").symlink_to(library)
    path = footage.film(tmp_path / "film.mp4")
    seen = {"type": "video", "content_type": "video/mp4", "suffix": ".mp4", "facts": {}}
    program = f"""
import django, types, pathlib
django.setup()
from django.core.management import call_command
from media_assets import ingest
call_command("migrate", verbosity=0)
ingest.keep(pathlib.Path({str(path)!r}), types.SimpleNamespace(pk={author.pk}), {seen!r})
"""
    environment = {
        **os.environ,
        "DATA_DIR": str(tmp_path / "data"),
        "FAULTS": "asset.stored:kill9",
        "DJANGO_SETTINGS_MODULE": "videoserver.settings",
    }
    killed = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    (stored,) = set(files(library)) - set(own)
    assert walks() == 0
    age(stored, 2)
    assert walks() == 1
    assert files(library) == own


def test_a_draft_that_nobody_writes_to_any_more_goes_too(library: Path, author: User, pier: MediaAsset) -> None:
    draft = left(library, author)
    draft = draft.rename(draft.with_name(f".{draft.name}.0badf00d.part"))
    assert walks() == 1
    assert not draft.exists()


def test_what_was_stored_just_now_may_still_get_its_row(library: Path, author: User, pier: MediaAsset) -> None:
    path = footage.film(library.parent / "film.mp4")
    stored = ingest.put(path, author)
    young = left(library, author, days=0.9)
    assert walks(3) == 0
    assert young.exists()
    asset = ingest.record(stored, author, "film.mp4")
    assert ingest.fetch(asset, library.parent).exists()


def test_one_look_at_the_clock_removes_nothing(library: Path, author: User, pier: MediaAsset) -> None:
    """A clock that was set forward makes a file old that was stored a moment ago."""
    stored = ingest.put(footage.film(library.parent / "film.mp4"), author)
    for key in (stored.key, stored.thumbnail_key):
        age(library / key, 30)
    assert walks(1) == 0
    ingest.record(stored, author, "film.mp4")
    assert walks(2) == 0


def test_every_column_that_names_a_file_counts(library: Path, pier: MediaAsset) -> None:
    assert forgotten.KEYS == ["key", "thumbnail_key"]
    for path in files(library):
        age(path, 30)
    before = files(library)
    assert len(before) == 2
    assert walks() == 0
    pier.discard()
    assert walks() == 0
    assert files(library) == before, "a deleted asset still has its files"


def test_a_file_in_another_assets_folder_counts_by_its_own_name(library: Path, author: User, pier: MediaAsset) -> None:
    shared = left(library, author)
    strange = left(library, author, folder="no-asset")
    MediaAsset.objects.filter(pk=pier.pk).update(thumbnail_key=str(shared.relative_to(library)))
    age(library / pier.key, 30)
    assert walks() == 1
    assert shared.exists() and not strange.exists()


def test_what_lies_in_other_folders_is_not_ours(library: Path, author: User, pier: MediaAsset) -> None:
    storages["media"].save("segments/abc/segment.mp4", ContentFile(b"segment"))
    segment = library / "segments/abc/segment.mp4"
    age(segment, 30)
    assert walks() == 0
    assert segment.exists()


def test_it_walks_once_an_hour_and_in_parts(
    library: Path, author: User, pier: MediaAsset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgotten, "FOLDERS_AT_ONCE", 2)
    gone = [left(library, author) for _ in range(4)]
    first = [forgotten.sweep() for _ in range(9)]
    assert first == [0] * 9, "the next walk is due in an hour"
    assert forgotten._walk.over
    assert {f"{library}/{name}" for name in forgotten._walk.nameless} == {str(path) for path in gone}
    removed = [forgotten.sweep(every=0) for _ in range(3)]
    assert sum(removed) == 4
    assert max(removed) == 2


@pytest.mark.parametrize("count", [1, 30])
def test_a_database_that_is_not_the_files_own_removes_nothing(
    count: int, library: Path, author: User, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody has set DATABASE_URL to an empty one, or to that of another installation."""
    if count > 1:
        ingest.record(ingest.put(footage.film(library.parent / "film.mp4"), author), author, "film.mp4")
    kept = [left(library, author) for _ in range(count)]
    assert walks(3) == 0
    assert all(path.exists() for path in kept)
    assert "is this their database?" in caplog.text


def test_an_empty_storage_is_no_trouble() -> None:
    assert walks() == 0


def test_the_worker_does_it() -> None:
    assert import_string(shipped.WORK_CHORES[-1]) is forgotten.sweep
