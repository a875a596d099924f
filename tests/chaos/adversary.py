"""The adversary: one seeded fault after the other, each as hard as the machine can make it."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from random import Random

import psutil

from tests.chaos.client import Client, Refused
from tests.chaos.site import LEASE, Site, pause, words
from tests.workflow.fault_points import FILM, GENERATION, IMPORT

SECONDS_LOCKED = 3.0
CHILDREN = ("rendering.engine", "media_assets.av")


class Adversary:
    """Does something terrible, remembers what it was, and whether anybody outlived what must not be outlived."""

    def __init__(self, site: Site, client: Client, random: Random) -> None:
        self.site, self.client, self.random = site, client, random
        self.done: Counter[str] = Counter()
        self.violations: list[str] = []
        self.canceled: set[str] = set()
        self.thaws: list[threading.Timer] = []
        self.database_faults: list[tuple[float, float]] = []
        """From when to when the database could not be used."""
        self.redis_faults: list[tuple[float, float]] = []
        """From when to when Redis was stopped for long."""
        self.deeds: dict[str, tuple[int, Callable[[], None]]] = {
            "a process of the worker killed": (10, self.kill_any),
            "a render child killed": (4, self.kill_child),
            "a process stopped past its lease": (3, self.freeze),
            "a worker killed at a fault point": (5, self.arm),
            "the worker's supervisor killed": (3, self.kill_supervisor),
            "the worker asked to stop": (2, self.stop_supervisor),
            "the web server killed": (3, self.site.kill_web),
            "a job canceled": (2, self.cancel),
        }
        if site.stack == "sqlite":
            self.deeds["the database file locked"] = (2, self.lock)
        else:
            self.deeds["PostgreSQL stopped at once"] = (2, self.restart_postgres)
        if site.redis:
            self.deeds["Redis flushed"] = (3, self.flush)
            self.deeds["Redis killed"] = (2, self.restart_redis)
            self.deeds["Redis with another password"] = (2, self.change_password)

    def strike(self) -> None:
        """The next fault of the seed."""
        names = list(self.deeds)
        name = self.random.choices(names, [self.deeds[each][0] for each in names])[0]
        self.done[name] += 1
        self.deeds[name][1]()

    def rest(self) -> None:
        """Undo what would last: no more faults."""
        for thaw in self.thaws:
            thaw.join()
        self.expect(self.site.stop_worker())

    def victims(self) -> list[psutil.Process]:
        return sorted(self.site.workers(), key=lambda process: process.pid)

    def kill_any(self) -> None:
        if victims := self.victims():
            kill(self.random.choice(victims))

    def kill_child(self) -> None:
        children = [process for process in self.victims() if any(word.startswith(CHILDREN) for word in words(process))]
        if children:
            kill(self.random.choice(children))

    def freeze(self) -> None:
        """Longer than a lease: when it goes on, somebody else has its row."""
        if victims := self.victims():
            victim = self.random.choice(victims)
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.suspend()
            self.thaws.append(threading.Timer(LEASE + 2, thaw, [victim]))
            self.thaws[-1].start()

    def arm(self) -> None:
        point, hit = self.random.choice((*FILM, *GENERATION, *IMPORT)), self.random.choice((1, 2, 3))
        before = self.site.data / "faults" / point
        passed = before.stat().st_size if before.exists() else 0
        self.expect(self.site.stop_worker(FAULTS=f"{point}:kill9@{passed + hit}"))

    def kill_supervisor(self) -> None:
        self.expect(self.site.kill_worker())

    def stop_supervisor(self) -> None:
        self.expect(self.site.stop_worker())

    def cancel(self) -> None:
        if latest := [pk for pk in self.client.accepted if pk not in self.canceled][-3:]:
            pk = self.random.choice(latest)
            self.canceled.add(pk)
            with contextlib.suppress(Refused):
                self.client.cancel(pk)

    def lock(self) -> None:
        """A backup program that holds the file's write lock."""
        began = time.monotonic()
        with sqlite3.connect(self.site.data / "videoserver.sqlite3", timeout=20, isolation_level=None) as connection:
            connection.execute("BEGIN IMMEDIATE")
            pause(SECONDS_LOCKED)
            connection.execute("ROLLBACK")
        connection.close()
        self.database_faults.append((began, time.monotonic()))

    def restart_postgres(self) -> None:
        assert self.site.postgres
        began = time.monotonic()
        self.site.postgres.stop(signal.SIGQUIT)
        pause(self.random.uniform(0, 2))
        self.site.postgres.start()
        self.database_faults.append((began, time.monotonic()))

    def flush(self) -> None:
        assert self.site.redis
        if self.site.redis.process:
            self.site.redis.flush()

    def restart_redis(self) -> None:
        assert self.site.redis
        if self.site.redis.process:
            self.site.redis.stop(signal.SIGKILL)
            pause(self.random.uniform(0, 2))
            self.site.redis.start()

    def change_password(self) -> None:
        """For a while; web and workers still have the old one."""
        assert self.site.redis
        if self.site.redis.process:
            self.site.redis.set_password("another one")
            pause(self.random.uniform(1, 3))
            self.site.redis.set_password("")

    def take_redis_away(self, seconds: float) -> None:
        """Stop it, and have it come back by itself; the other faults go on meanwhile."""
        assert self.site.redis
        self.done["Redis away"] += 1
        self.site.redis.stop()
        self.thaws.append(threading.Timer(seconds, self.bring_redis_back, [time.monotonic()]))
        self.thaws[-1].start()

    def bring_redis_back(self, began: float) -> None:
        assert self.site.redis
        self.redis_faults.append((began, time.monotonic()))
        self.site.redis.start()

    def expect(self, wrong: str) -> None:
        if wrong:
            self.violations.append(wrong)


def kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()


def thaw(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.resume()
