"""A database whose tables do not fit the code: every process says so in one sentence, and none says "try again"."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.acceptance.server import ROOT, Server
from tests.acceptance.test_database_away import ask
from tests.servers import Postgres
from tests.services import free_port, wait_until

SPOIL = (
    "from django.db import connection; connection.cursor().execute('ALTER TABLE rendering_job RENAME priority TO p')"
)
FORGET = (
    "from django.db.migrations.recorder import MigrationRecorder as R; R.Migration.objects.filter(app='web').delete()"
)
SENTENCE = "the table rendering_job lacks priority"


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    where = {}
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        where = {"DATABASE_URL": postgres.create(f"old_{uuid4().hex[:8]}")}
    server = Server(tmp_path, **where)
    yield server
    server.stop()


def refused(server: Server, *words: str, **environment: str) -> str:
    """What a command says that ends with a fault, without any traceback."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=server.environment | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def test_tables_that_do_not_fit_are_told_by_every_door(server: Server) -> None:
    server.start_web()
    assert ask(server, "/api/v1/jobs/")[0] == 200
    server.manage("shell", "-v0", "-c", SPOIL)
    status, text, _ = ask(server, "/api/v1/jobs/")
    assert (status, json.loads(text)["code"]) == (503, "database_outdated")
    assert "ry again" not in text
    wait_until(lambda: SENTENCE in ask(server, "/health/ready")[1], "the check of the tables")
    status, text, _ = ask(server, "/health/ready")
    assert (status, json.loads(text)["checks"]["database"]["ok"]) == (503, False)
    assert SENTENCE in refused(server, "serve", PORT=str(free_port()))
    for words in (["worker"], ["web", "--port", "1"], ["migrate"]):
        assert SENTENCE in refused(server, *words), words


def test_a_database_that_is_not_migrated_is_told_with_its_cure(server: Server) -> None:
    server.manage("shell", "-v0", "-c", FORGET)
    for words in (["worker"], ["web", "--port", "1"]):
        said = refused(server, *words)
        assert "migrations are not applied" in said and "Run: python manage.py migrate" in said, words
