"""A house of its own for worker processes: a database, a broker, its errands, and the workers started in it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis
from psycopg.rows import dict_row

from videoserver.work.process import start_time
from videoserver.work.sandbox import ROOT

STACKS = ("sqlite", "postgres", "redis")
"""The database broker on each database, and Redis beside PostgreSQL."""

TAKE_ORDERS = """
import django, json, sys
django.setup()
from django.db import close_old_connections
from tests.work.errands.models import Errand
for line in sys.stdin:
    order = json.loads(line)
    close_old_connections()
    if number := order.pop("number", 0):
        Errand.objects.bulk_create(Errand(**order) for _ in range(number))
        print(number, flush=True)
        continue
    known = order.pop("ring", None)
    errand = Errand.objects.get(pk=known) if known else Errand.objects.create(orders=order)
    for _ in range(order.get("bells", 1)):
        errand.ring()
    print(errand.pk.hex, flush=True)
"""


def until(truth: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait in short steps for something to become true, and give it."""
    end = time.monotonic() + seconds
    while not (found := truth()):
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.02)
    return found


def on(*stacks: str) -> pytest.MarkDecorator:
    """Run the test on these stacks only."""
    return pytest.mark.parametrize("house", stacks, indirect=True)


def dead(pid: int) -> bool:
    """Gone, or only waiting to be waited for."""
    return not start_time(pid)


class House:
    """What a test with real workers needs; knows the database only as SQL, as a stranger would."""

    def __init__(self, folder: Path, database: str, broker: str = "") -> None:
        self.folder, self.database, self.broker = folder, database, broker
        self.data = folder / "data"
        self.environment = {
            **os.environ,
            "DATA_DIR": str(folder),
            "TESTS_DIR": str(folder),
            "PYTEST_XDIST_WORKER": "data",
            "DATABASE_URL": database,
            "SECRET_KEY": "of the house",
            "BROKER_URL": broker,
            "DJANGO_SETTINGS_MODULE": "tests.work.worker_settings",
            "WORKER_QUEUES": "default",
            "WORKERS": "2",
            "PYTHONWARNINGS": "default",
        }
        self.supervisors: list[subprocess.Popen[bytes]] = []
        self._orders: subprocess.Popen[str] | None = None
        self._connection: psycopg.Connection[dict[str, Any]] | None = None

    def manage(self, *words: str) -> str:
        """Run a command to its end."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment, capture_output=True, timeout=60
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start the worker command; returns when its queue has answered."""
        worker = self.begin(*words, **environment)
        self.open_for_orders()
        self.answered(worker)
        return worker

    def begin(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start the worker command."""
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "manage.py", "worker", *words],
                cwd=ROOT,
                env={**self.environment, **environment},
                stdout=log,
                stderr=log,
            )
        self.supervisors.append(worker)
        return worker

    def answered(self, worker: subprocess.Popen[bytes]) -> None:
        """Wait until a queue of that worker has answered."""
        mine = f"%:{worker.pid}:%"
        until(lambda: self.sql("SELECT 1 FROM work_worker WHERE supervisor LIKE ? AND canary_at IS NOT NULL", mine))

    @property
    def log(self) -> str:
        """What all workers have said."""
        return (self.folder / "worker.log").read_text()

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """One statement on the database, with `?` for its values; the rows by the names of their columns."""
        if self.database.startswith("sqlite"):
            with contextlib.closing(sqlite3.connect(self.folder / "db.sqlite3", timeout=20)) as file, file:
                file.row_factory = sqlite3.Row
                return file.execute(statement, values).fetchall()
        said = statement.replace("?", "%s").encode()
        try:
            done = self._connected().execute(said, values)
        except psycopg.OperationalError:
            # The server was started again.
            done = self._connected().execute(said, values)
        return done.fetchall() if done.description else []

    def _connected(self) -> psycopg.Connection[dict[str, Any]]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self.database, autocommit=True, row_factory=dict_row)
        return self._connection

    def bells(self) -> int:
        """How many messages the queue holds."""
        if self.broker:
            with redis.from_url(self.broker) as broker:
                return int(broker.llen("django_q:default:q"))
        return len(self.sql("SELECT id FROM django_q_ormq"))

    def errand(self, **orders: Any) -> str:
        """Write an errand and ring for it, as the web would (so many `bells`); its id."""
        return self._order(**orders)

    def ring(self, errand: str, bells: int = 1) -> None:
        """Ring for it once more, or oftener."""
        self._order(ring=errand, bells=bells)

    def rows(self, number: int, **fields: Any) -> None:
        """Write errands in any state; nobody rings for them."""
        self._order(number=number, **fields)

    def _order(self, **words: Any) -> str:
        self.open_for_orders()
        assert self._orders and self._orders.stdin and self._orders.stdout
        self._orders.stdin.write(json.dumps(words) + "\n")
        self._orders.stdin.flush()
        answer = self._orders.stdout.readline().strip()
        assert answer, self.order_log
        return answer

    @property
    def order_log(self) -> str:
        """What the process that takes orders has said."""
        return (self.folder / "orders.log").read_text()

    def open_for_orders(self) -> None:
        """Start the process that takes orders; it gets ready while the worker does."""
        if self._orders is None:
            with (self.folder / "orders.log").open("ab") as log:
                self._orders = subprocess.Popen(
                    [sys.executable, "-c", TAKE_ORDERS],
                    cwd=ROOT,
                    env={**self.environment, "DATA_DIR": ""},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )

    def read(self, errand: str) -> dict[str, Any]:
        """The errand as it stands."""
        return dict(self.sql("SELECT * FROM errands_errand WHERE id = ?", errand)[0])

    def claimed(self, errand: str, attempt: int = 1) -> int:
        """The pid of the worker that has claimed it."""
        held = until(lambda: (row := self.read(errand))["attempt"] >= attempt and row["claimed_by"] and row)
        return int(held["claimed_by"].split(":")[1])

    def ended(self, errand: str, seconds: float = 30) -> dict[str, Any]:
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
        if self._connection:
            self._connection.close()
