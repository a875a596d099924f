"""The storage's identity is made once, known by the database, and never made anew by a process that misses it."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as shipped
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import OperationalError

from media_assets import forgotten, identity, ingest, transfer, worker_notes
from media_assets.exceptions import InputGone, StorageMismatch
from media_assets.models import MediaAsset, MediaImport
from media_assets.tasks import run_import
from rendering.workflow import stored_segments
from tests.media_assets.conftest import files
from videoserver.work import agreement, process
from videoserver.work.models import Agreed, Worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Nothing is kept from an earlier look."""
    agreement.forget()
    identity._known.clear()


@pytest.fixture
def unknown(library: Path) -> Path:
    """An empty storage, and a database that knows none."""
    Agreed.objects.all().delete()
    shutil.rmtree(library)
    identity._known.clear()
    return library


def known() -> str:
    return Agreed.objects.get(name=identity.NAME).value


def elsewhere(library: Path) -> Path:
    """The folder is not mounted: an empty one is in its place. Where its files are now."""
    kept = library.with_name("kept")
    library.rename(kept)
    library.mkdir()
    return kept


def test_a_new_database_and_an_empty_storage_get_one_identity(unknown: Path) -> None:
    identity.check()
    assert known() == identity.marker()
    assert len(known()) == 32
    before = (unknown / identity.MARKER).stat()
    identity._known.clear()
    identity.check()
    assert (unknown / identity.MARKER).stat() == before


def test_a_process_that_was_killed_before_it_told_the_database_left_the_identity_that_counts(unknown: Path) -> None:
    made = identity.write("a" * 32)
    assert not Agreed.objects.filter(name=identity.NAME).exists()
    identity.check()
    assert known() == made == "a" * 32


def test_of_two_first_processes_with_two_storages_one_is_right(unknown: Path) -> None:
    identity.write("a" * 32)
    agreement.agree(identity.NAME, "b" * 32)  # the other one was quicker
    with pytest.raises(StorageMismatch):
        identity.check()


def test_two_first_processes_with_one_storage_agree(unknown: Path) -> None:
    assert identity.write("a" * 32) == identity.write("b" * 32) == "a" * 32


def test_a_database_that_knows_an_identity_never_has_another_one_made(library: Path) -> None:
    before = known()
    elsewhere(library)
    for _ in range(2):
        with pytest.raises(StorageMismatch, match=r"It has no identity, and .* is known\. Mount the right folder"):
            identity.check()
    assert identity.problem().startswith(StorageMismatch.sentence)
    assert not list(library.iterdir())
    assert known() == before


def test_the_right_storage_is_seen_again_at_once(library: Path) -> None:
    kept = elsewhere(library)
    assert identity.problem()
    library.rmdir()
    kept.rename(library)
    assert identity.problem() == ""


def test_an_older_installation_takes_the_storage_that_holds_its_files(unknown: Path, pier: MediaAsset) -> None:
    Agreed.objects.all().delete()
    identity._known.clear()
    shutil.rmtree(unknown / "identity")
    identity.check()
    assert known() == identity.marker()


def test_an_older_installation_does_not_take_an_empty_folder(library: Path, pier: MediaAsset) -> None:
    Agreed.objects.all().delete()
    identity._known.clear()
    elsewhere(library)
    with pytest.raises(StorageMismatch, match="It holds too few of the files that the database names"):
        identity.check()
    assert not list(library.iterdir()) and not Agreed.objects.exists()


def test_a_file_with_another_length_is_not_the_databases(library: Path, pier: MediaAsset) -> None:
    assert identity.holds_its_files()
    Path(storages["media"].path(pier.key)).write_bytes(b"cut")
    assert not identity.holds_its_files()


def test_nothing_is_stored_into_another_storage(library: Path, tmp_path: Path) -> None:
    elsewhere(library)
    (tmp_path / "film").write_bytes(b"film")
    with pytest.raises(StorageMismatch):
        transfer.store(tmp_path / "film", "media/1/2/film")
    assert not list(library.iterdir())


def test_a_file_of_an_absent_storage_is_not_gone(library: Path, pier: MediaAsset, tmp_path: Path) -> None:
    kept = elsewhere(library)
    with pytest.raises(StorageMismatch):
        ingest.fetch(pier, tmp_path)
    library.rmdir()
    kept.rename(library)
    Path(storages["media"].path(pier.key)).unlink()
    with pytest.raises(InputGone):
        ingest.fetch(pier, tmp_path)


def test_an_import_is_handed_back_with_its_attempt(
    library: Path, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = MediaAsset.objects.create(owner=author, name="a", type="image", status="uploading")
    row = MediaImport.objects.create(asset=asset, owner=author, url="https://example.org/a.png")
    elsewhere(library)
    monkeypatch.setattr("media_assets.imports.run", lambda row: identity.check())
    assert run_import(str(row.pk))
    row.refresh_from_db()
    assert (row.status, row.attempt, row.lease_until) == ("queued", 0, None)
    assert row.run_after is not None and not run_import(str(row.pk)), "not at once: this worker would have it again"


def test_no_sweep_takes_the_identity_away(library: Path, pier: MediaAsset) -> None:
    for path in library.rglob("*"):
        os.utime(path, (0, 0))
    forgotten._walk = forgotten.Walk()
    for _ in range(3):
        forgotten.sweep(every=0, age=timedelta(0))
        stored_segments.sweep_nameless(every=0, age=timedelta(0))
        worker_notes.sweep(age=timedelta(0))
    identity.check()


def test_no_sweep_looks_into_another_storage(library: Path, pier: MediaAsset) -> None:
    elsewhere(library)
    forgotten._walk = forgotten.Walk()
    with pytest.raises(StorageMismatch):
        forgotten.sweep(every=0, age=timedelta(0))


def test_any_storage_of_django_may_have_it(unknown: Path, settings: Any) -> None:
    settings.STORAGES = settings.STORAGES | {"media": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
    identity.check()
    assert known() == identity.marker()
    assert identity.write("another") == known(), "a storage that would choose another name keeps the first"
    assert storages["media"].listdir("identity") == ([], ["storage.txt"])
    storages["media"].delete(identity.MARKER)
    with pytest.raises(StorageMismatch):
        identity.check()


def test_a_storage_that_does_not_answer_is_not_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise OSError("Stale file handle")

    monkeypatch.setattr(type(storages["media"]), "open", broken)
    assert identity.problem() == ""


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_storing_goes_on_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    identity.check()  # agrees on the storage, if no test before this one did
    identity.check()

    def away(_: str) -> str:
        raise OperationalError("away")

    monkeypatch.setattr(identity, "KNOWN_SECONDS", 0.0)
    monkeypatch.setattr(agreement, "agreed", away)
    identity.check()


def test_a_storage_is_adopted_by_a_command_alone(library: Path, pier: MediaAsset) -> None:
    before, kept = known(), elsewhere(library)
    with pytest.raises(CommandError, match="too few of the files"):
        call_command("adopt_storage")
    assert not list(library.iterdir())
    call_command("adopt_storage", "--anyway")
    assert identity.marker() == known() == before, "the others need not be told"
    shutil.rmtree(library)
    kept.rename(library)
    (library / identity.MARKER).write_text("c" * 32)
    with pytest.raises(StorageMismatch):
        identity.check()
    call_command("adopt_storage")
    identity.check()
    assert known() == "c" * 32


def test_the_secret_is_known_by_a_fingerprint_and_adopted_by_a_command(settings: Any) -> None:
    agreement.check_secret()
    assert shipped.SECRET_KEY not in Agreed.objects.get(name=agreement.SECRET).value
    settings.SECRET_KEY = "another one of fifty characters"
    with pytest.raises(agreement.SecretMismatch):
        agreement.check_secret()
    agreement.forget()
    assert agreement.secret_problem().startswith("The SECRET_KEY of this process is not")
    call_command("adopt_secret_key")
    assert agreement.secret_problem() == ""


def test_a_worker_leaves_a_note_and_removes_those_of_the_dead(library: Path) -> None:
    worker_notes.write()
    assert not files(library), "its row comes first"
    for queue in ("render", "default"):
        Worker.objects.create(supervisor=process.me(), queue=queue, name="blue")
    storages["media"].save("workers/dead.txt", ContentFile(b"dead"))
    os.utime(storages["media"].path("workers/dead.txt"), (0, 0))
    worker_notes.write()
    (note,) = set(Worker.objects.values_list("note", flat=True))
    assert worker_notes.found(note)
    assert [path.name for path in files(library)] == [f"{note}.txt"]
    worker_notes.write()
    assert set(Worker.objects.values_list("note", flat=True)) == {note}
    storages["media"].delete(worker_notes.path(note))
    assert not worker_notes.found(note)
    worker_notes.write()
    assert set(Worker.objects.values_list("note", flat=True)) != {note}
