"""Databases that go away and come back, or are taken by others for a while: everything goes on by itself."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.servers import Postgres
from tests.work.house import House, on, until
from videoserver.work.sandbox import ROOT

RECOVERS = 30.0
SOON = ("--reap-every", "0.5", "--patience", "8")
WRITERS, EACH = 8, 125
WRITE = f"""
import django, os, sys
django.setup()
from django.db import transaction
from tests.work.errands.models import Errand
for _ in range({WRITERS} - 1):
    if os.fork() == 0:
        break
for _ in range({EACH}):
    with transaction.atomic():
        errand = Errand.objects.get()
        errand.turn += 1
        errand.save()
print("done", flush=True)
"""


def crash(postgres: Postgres) -> None:
    """As after a power cut; returns when it answers again."""
    postgres.stop(signal.SIGQUIT)
    postgres.start()


@on("postgres", "redis")
def test_a_database_that_crashes_costs_a_running_errand_nothing(
    house: House, tmp_path: Path, postgres: Postgres
) -> None:
    """It holds its row while the database is away for less than its lease; the idle worker finds back too."""
    supervisor = house.start(*SOON, WORK_LEASE="15")
    errand = house.errand(do="wait", until=str(tmp_path / "go"))
    house.claimed(errand)
    crash(postgres)
    back = time.monotonic()
    held = house.read(errand)["lease_until"]
    assert house.ended(house.errand(), RECOVERS)["status"] == "completed"
    until(lambda: house.read(errand)["lease_until"] != held)
    (tmp_path / "go").touch()
    assert house.ended(errand)["result"] == "attempt 1"
    assert house.ended(house.errand())["status"] == "completed"
    assert time.monotonic() - back < RECOVERS
    assert supervisor.poll() is None


@on("postgres", "redis")
def test_a_database_that_crashes_at_the_commit_ends_the_errand_once(
    house: House, tmp_path: Path, postgres: Postgres
) -> None:
    supervisor = house.start(*SOON, WORK_LEASE="2", FAULTS="errand.before_commit:sleep=1@1")
    errand = house.errand(log=str(tmp_path / "runs"))
    until(lambda: (house.data / "faults" / "errand.before_commit").exists())
    crash(postgres)
    back = time.monotonic()
    assert house.ended(errand, RECOVERS)["result"] == "attempt 2"
    assert [line.split()[1] for line in (tmp_path / "runs").read_text().splitlines()] == ["1", "2"]
    assert house.ended(house.errand())["status"] == "completed"
    assert time.monotonic() - back < RECOVERS
    assert supervisor.poll() is None


@on("sqlite")
def test_a_writer_that_holds_the_file_for_seconds_only_delays(house: House, tmp_path: Path) -> None:
    house.start(*SOON)
    running = house.errand(do="wait", until=str(tmp_path / "go"))
    house.claimed(running)
    writer = sqlite3.connect(tmp_path / "db.sqlite3", check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    lets_go = threading.Timer(6, writer.rollback)
    lets_go.start()
    (tmp_path / "go").touch()
    began = time.monotonic()
    ordered = house.errand()
    assert time.monotonic() - began > 3, "who orders waits, and is not refused"
    assert house.ended(ordered)["result"] == "attempt 1"
    assert house.ended(running)["result"] == "attempt 1"
    lets_go.join()
    writer.close()
    assert "locked" not in house.log + house.order_log


@on("sqlite")
def test_eight_writers_at_once_neither_fail_nor_lose_a_write(house: House) -> None:
    house.rows(1)
    writers = subprocess.run(
        [sys.executable, "-c", WRITE], cwd=ROOT, env=house.environment, capture_output=True, text=True, timeout=120
    )
    assert (writers.stdout.count("done"), writers.stderr) == (WRITERS, "")
    assert house.sql("SELECT turn FROM errands_errand")[0]["turn"] == WRITERS * EACH
