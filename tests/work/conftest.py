"""A house of its own for worker processes: an SQLite file, its errands, and the workers that are started in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from videoserver.work.process import start_time
from videoserver.work.sandbox import ROOT


def until(truth: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait in short steps for something to become true, and give it."""
    end = time.monotonic() + seconds
    while not (found := truth()):
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.02)
    return found


def dead(pid: int) -> bool:
    """Gone, or only waiting to be waited for."""
    return not start_time(pid)


TAKE_ORDERS = """
import django, json, sys
django.setup()
from tests.work.errands.models import Errand
for line in sys.stdin:
    errand = Errand.objects.create(orders=json.loads(line))
    errand.ring()
    print(errand.pk.hex, flush=True)
"""


class House:
    """What a test with real workers needs; knows the database only as SQL, as a stranger would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            "SECRET_KEY": "of the house",
            "BROKER_URL": "",
            "DJANGO_SETTINGS_MODULE": "tests.work.worker_settings",
            "WORKER_QUEUES": "default",
            "WORKERS": "2",
            "PYTHONWARNINGS": "default",
        }
        self.supervisors: list[subprocess.Popen[bytes]] = []
        self._orders: subprocess.Popen[str] | None = None

    def manage(self, *words: str) -> str:
        """Run a command to its end."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment, capture_output=True, timeout=60
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start the worker command; returns when its queue has answered."""
        self.open_for_orders()
        log = (self.folder / "worker.log").open("ab")
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker", *words],
            cwd=ROOT,
            env={**self.environment, **environment},
            stdout=log,
            stderr=log,
        )
        log.close()
        self.supervisors.append(worker)
        mine = f"%:{worker.pid}:%"
        until(lambda: self.sql("SELECT 1 FROM work_worker WHERE supervisor LIKE ? AND canary_at IS NOT NULL", mine))
        return worker

    @property
    def log(self) -> str:
        """What all workers have said."""
        return (self.folder / "worker.log").read_text()

    def sql(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """One statement on the database file."""
        with sqlite3.connect(self.folder / "db.sqlite3", timeout=20) as connection:
            connection.row_factory = sqlite3.Row
            rows = connection.execute(statement, values).fetchall()
        connection.close()
        return rows

    def errand(self, **orders: Any) -> str:
        """Write an errand and ring for it, as the web would; its id."""
        self.open_for_orders()
        assert self._orders and self._orders.stdin and self._orders.stdout
        self._orders.stdin.write(json.dumps(orders) + "\n")
        self._orders.stdin.flush()
        return self._orders.stdout.readline().strip()

    def open_for_orders(self) -> None:
        """Start the process that takes orders; it gets ready while the worker does."""
        if self._orders is None:
            self._orders = subprocess.Popen(
                [sys.executable, "-c", TAKE_ORDERS],
                cwd=ROOT,
                env={**self.environment, "DATA_DIR": str(self.folder / "orders")},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )

    def read(self, errand: str) -> sqlite3.Row:
        """The errand as it stands."""
        return self.sql("SELECT * FROM errands_errand WHERE id = ?", errand)[0]

    def claimed(self, errand: str, attempt: int = 1) -> int:
        """The pid of the worker that has claimed it."""
        held = until(lambda: (row := self.read(errand))["attempt"] >= attempt and row["claimed_by"] and row)
        return int(held["claimed_by"].split(":")[1])

    def ended(self, errand: str, seconds: float = 30) -> sqlite3.Row:
        """The errand once it has ended."""
        until(lambda: self.read(errand)["finished_at"], seconds)
        return self.read(errand)

    def processes(self) -> list[int]:
        """Every living process that belongs to this house: the environment says so."""
        mine = []
        for process in psutil.process_iter(["pid"]):
            try:
                if process.pid != os.getpid() and process.environ().get("DATA_DIR") == str(self.folder):
                    mine.append(process.pid)
            except (psutil.Error, OSError):
                continue
        return [pid for pid in mine if not dead(pid)]

    def close(self) -> None:
        """Leave nobody, whatever happened."""
        for worker in self.supervisors:
            if worker.poll() is None:
                worker.kill()
            worker.wait()
        if self._orders:
            self._orders.communicate()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database with nothing in it, made once."""
    folder = tmp_path_factory.mktemp("house")
    House(folder).manage("migrate", "--run-syncdb", "--verbosity", "0")
    with sqlite3.connect(folder / "db.sqlite3") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return folder / "db.sqlite3"


@pytest.fixture
def house(tmp_path: Path, empty_house: Path) -> Iterator[House]:
    """An empty house."""
    shutil.copy(empty_house, tmp_path / "db.sqlite3")
    made = House(tmp_path)
    yield made
    made.close()
