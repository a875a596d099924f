"""Connections to SQLite that are closed before a fork, also those that nobody holds any more."""

from __future__ import annotations

import gc
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import DatabaseError
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.utils import DEFAULT_DB_ALIAS, load_backend

from videoserver import settings
from videoserver.work import sqlite


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, django_db_blocker: Any) -> Iterator[None]:
    """No collection comes too early, and the suite's own connections stay open."""
    monkeypatch.setattr(sqlite, "_open", weakref.WeakSet())
    gc.disable()
    with django_db_blocker.unblock():
        yield
    gc.enable()


def opened(path: Path) -> int:
    """How often this process has the file open."""
    return sum(file.path == str(path) for file in psutil.Process().open_files())


def wrapper(path: Path) -> DatabaseWrapper:
    """A connection of Django's, with the options of the product."""
    config = settings.database(path.parent)
    defaults = {"TIME_ZONE": None, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False, "AUTOCOMMIT": True}
    backend = load_backend("django.db.backends.sqlite3")
    return backend.DatabaseWrapper(defaults | config | {"NAME": str(path)}, DEFAULT_DB_ALIAS)


def test_a_connection_whose_first_statement_failed_is_closed_before_a_fork(tmp_path: Path) -> None:
    path = tmp_path / "videoserver.sqlite3"
    path.write_bytes(b"no database at all" * 100)
    with suppress(DatabaseError):
        wrapper(path).ensure_connection()
    assert opened(path), "Django leaves it open; when it does not any more, this module can go"
    sqlite.close_all()
    assert not opened(path)


def test_a_connection_in_use_is_closed_too(tmp_path: Path) -> None:
    path = tmp_path / "videoserver.sqlite3"
    connection = sqlite3.connect(path, factory=sqlite.Connection)
    connection.execute("CREATE TABLE t (x)")
    assert opened(path)
    sqlite.close_all()
    assert not opened(path)
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT 1")
