"""A migration that has landed is never edited: databases that have had it would not get what was changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("videoserver", "media_assets", "rendering")
LIST = ROOT / "tests/landed_migrations.txt"
LANDED = {path: digest for digest, path in (line.split() for line in LIST.read_text().splitlines())}
PRESENT = {
    str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("migrations/[0-9]*.py"))
}


@pytest.mark.parametrize("path", sorted(LANDED))
def test_a_landed_migration_is_as_it_was(path: str) -> None:
    assert path in PRESENT, f"{path} has landed and is gone: databases remember it. Restore it."
    assert PRESENT[path] == LANDED[path], (
        f"{path} has landed, and databases that have had it never run it again. Restore it, and write a new migration."
    )


@pytest.mark.parametrize("path", sorted(PRESENT))
def test_a_new_migration_is_listed(path: str) -> None:
    assert path in LANDED, f"Add this line to {LIST.relative_to(ROOT)}:\n{PRESENT[path]}  {path}"


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", *("web", "work", "access", "media_assets", "rendering"), check=True, dry_run=True)
