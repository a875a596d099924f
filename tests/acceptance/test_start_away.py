"""A database that is away at the start: one sentence that names it, without its password."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.server import ROOT
from tests.services import free_port, wait_until


@pytest.fixture
def away(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a server whose PostgreSQL does not listen."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "DATABASE"))}
    url = f"postgres://me:swordfish@127.0.0.1:{free_port()}/name"
    yield clean | {"DATA_DIR": str(tmp_path / "var"), "DATABASE_URL": url, "PORT": str(free_port())}


@pytest.mark.parametrize("words", [["serve"], ["migrate"], ["create_api_key", "author"], ["requeue_stale"]])
def test_a_command_says_which_database_does_not_answer(away: dict[str, str], words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=away, capture_output=True, text=True, timeout=60
    )
    port = away["DATABASE_URL"].rpartition(":")[2].partition("/")[0]
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"PostgreSQL at 127.0.0.1:{port} does not answer: the connection is refused. "
        "Start it, or set DATABASE_URL to where it is."
    ]
    assert "swordfish" not in done.stdout


@pytest.mark.parametrize("name", ["worker", "web"])
def test_a_server_says_it_and_waits(away: dict[str, str], tmp_path: Path, name: str) -> None:
    log = tmp_path / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "manage.py", name, *(["--port", away["PORT"]] if name == "web" else [])],
            cwd=ROOT,
            env=away,
            stdout=output,
            stderr=output,
        )
    try:
        wait_until(lambda: "does not answer: the connection is refused" in log.read_text(), "the sentence")
        assert server.poll() is None
        assert "swordfish" not in log.read_text()
    finally:
        server.terminate()
        server.wait(30)
