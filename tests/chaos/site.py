"""The site that chaos comes over: web server, worker, database, broker and storage, each of which can be killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import psycopg

from tests.acceptance.server import Server
from tests.media_assets.hostile_source import source
from tests.servers import Postgres, Redis, patiently

LIVE = """
SELECT (SELECT count(*) FROM rendering_job WHERE finished_at IS NULL)
     + (SELECT count(*) FROM rendering_segment WHERE finished_at IS NULL)
     + (SELECT count(*) FROM rendering_prediction WHERE finished_at IS NULL)
     + (SELECT count(*) FROM media_assets_mediaimport WHERE finished_at IS NULL)
"""
STACKS = ("sqlite", "postgres", "redis")
LEASE = 4.0
CLOCKS = ("--reap-every", "1", "--patience", "6", "--grace", "4")
"""Short clocks, so that minutes are enough; all else is as shipped, the limit of calls too."""
RETRIES = "20"


class Site:
    """One of the stacks, under a folder of its own."""

    def __init__(self, folder: Path, stack: str) -> None:
        self.stack = stack
        self.open = ExitStack()
        self.origin = self.open.enter_context(source())
        self.postgres = Postgres() if stack != "sqlite" else None
        self.redis = Redis().start() if stack == "redis" else None
        environment = {
            "WORK_LEASE": str(int(LEASE)),
            "MAX_RETRIES": RETRIES,
            "RETRY_BACKOFF": "1",
            "IMPORT_ALLOWED_HOSTS": self.origin.place,
            "SECRET_KEY": "of one run of chaos",
        }
        if self.postgres:
            self.postgres.start()
            environment["DATABASE_URL"] = self.postgres.create("chaos")
        if self.redis:
            environment["BROKER_URL"] = self.redis.url
        self.server = Server(folder, **environment)
        self.data = Path(self.server.environment["DATA_DIR"])
        self.web = self.server.start_web()
        self.worker: subprocess.Popen[bytes] = self.server.start_worker(*CLOCKS)

    def workers(self) -> list[psutil.Process]:
        """Every process below the supervisor: mains, sentinels, pushers, monitors, workers, render children."""
        try:
            found = psutil.Process(self.worker.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        return [process for process in found if lives(process)]

    def live(self) -> int | None:
        """How many rows of work have not ended; None while the database is away."""
        try:
            if not self.postgres:
                with closing(sqlite3.connect(self.data / "videoserver.sqlite3", timeout=20)) as connection:
                    return int(connection.execute(LIVE).fetchone()[0])
            with psycopg.connect(self.server.environment["DATABASE_URL"]) as server:
                found = server.execute(LIVE).fetchone()
                return int(found[0]) if found else None
        except (sqlite3.OperationalError, psycopg.OperationalError):
            return None

    def kill_web(self) -> None:
        """And start it again at once, on the same port."""
        self.web.kill()
        self.web.wait()
        self.web = self.server.start_web()

    def kill_worker(self, **environment: str) -> str:
        """Kill the supervisor and start another one; what is wrong if not all that it had ended within seconds."""
        family = self.workers()
        self.worker.kill()
        self.worker.wait()
        stayed = who_stays(family)
        self.start_worker(**environment)
        return stayed

    def stop_worker(self, **environment: str) -> str:
        """Ask the supervisor to stop and start another one; what was wrong with the stop."""
        wrong = self.end_worker()
        self.start_worker(**environment)
        return wrong

    def end_worker(self) -> str:
        """Ask the supervisor to stop; what was wrong if it did not in time, or somebody stayed."""
        family = self.workers()
        self.worker.send_signal(signal.SIGTERM)
        try:
            status = self.worker.wait(20)
        except subprocess.TimeoutExpired:
            self.worker.kill()
            self.worker.wait()
            return "The worker did not stop within 20 s."
        if status == -signal.SIGTERM and not family:
            status = 0  # it had only just begun to start, and held nothing
        return who_stays(family) or (f"The worker stopped with status {status}." if status else "")

    def start_worker(self, **environment: str) -> None:
        self.worker = self.server.start_worker(*CLOCKS, **environment)

    def kill_everything(self) -> str:
        """A power cut: web, worker and all their processes at once, and nothing is started; who stayed."""
        family = self.server.family()
        for process in family:
            process.send_signal(signal.SIGKILL)
        self.web.wait()
        self.worker.wait()
        return who_stays(family)  # none of those that were born meanwhile, either: they died with their parents

    def come_back(self) -> None:
        """After the power cut."""
        self.web = self.server.start_web()
        self.start_worker()

    def close(self) -> None:
        """Leave nobody."""
        self.server.stop()
        self.open.close()
        for process in self.server.family():
            process.kill()
        for other in (self.postgres, self.redis):
            if other:
                other.close()


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def who_stays(family: list[psutil.Process], seconds: float = 10.0) -> str:
    """A sentence about those that are not gone in time; empty if they are."""
    try:
        patiently(lambda: not any(lives(process) for process in family), "their end", seconds)
    except TimeoutError:
        there = [f"{process.pid} {' '.join(words(process))[-60:]}" for process in family if lives(process)]
        return f"Processes of the worker stayed: {', '.join(there)}."
    return ""


def words(process: psutil.Process) -> list[str]:
    """Its command line."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def pause(seconds: float) -> None:
    time.sleep(seconds)
