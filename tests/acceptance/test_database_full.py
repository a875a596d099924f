"""The disk of the database is full: who orders is told so, and all goes on when there is room again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.server import Server
from tests.acceptance.test_database_away import ask
from tests.services import lacking, wait_until
from tests.small_disk import SmallDisk, may_mount, mounted

ORDER = {"params": {"title": "Bye", "call_to_action": "Come"}}
PATH = "/api/v1/templates/closing/render/"
COMPLAINT = re.compile("disk is full|disk I/O error")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if not may_mount():
        lacking("A way to mount a small disk")
    with mounted(tmp_path / "disk", megabytes=64) as small:
        yield small


@pytest.fixture
def server(disk: SmallDisk, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, DATABASE_URL=f"sqlite:///{disk.folder / 'videoserver.sqlite3'}")
    server.start_web()
    yield server
    server.stop()


def test_a_full_database_refuses_orders_keeps_those_it_has_and_recovers(server: Server, disk: SmallDisk) -> None:
    first = json.loads(ask(server, PATH, ORDER)[1])["id"]
    disk.leave(0)
    status, text, _ = ask(server, PATH, ORDER, once="another")
    # The second where SQLite cannot even have the memory that its readers share.
    assert (status, json.loads(text)["code"]) in {(507, "storage_full"), (503, "database_away")}
    worker = server.start_worker()
    wait_until(lambda: COMPLAINT.search(server.log.read_text()), "the worker's complaint")
    disk.empty()
    server.wait_for_film(first)
    assert ask(server, PATH, ORDER, once="another")[0] == 202
    assert worker.poll() is None, "nothing had to be started again"
