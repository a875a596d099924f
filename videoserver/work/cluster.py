"""One queue's django-q2 cluster: forked into a session of its own, tied to its supervisor, ended as a whole."""

from __future__ import annotations

import contextlib
import logging
import mmap
import multiprocessing
import os
import signal
import sys
import threading
import time
from multiprocessing import util as multiprocessing_util
from typing import NoReturn

import psutil
from django.db import connections
from django_q.cluster import Cluster as QCluster
from django_q.conf import Conf

from videoserver.work import here, process, sqlite, stop, title
from videoserver.work.canary import age, alive, round_trip
from videoserver.work.faults import faultpoint

__all__ = ["Cluster", "age", "alive", "kill_session", "round_trip"]

logger = logging.getLogger(__name__)

STEADY_SECONDS = 10.0
LONGEST_PAUSE = 30.0


class Cluster:
    """The processes that serve one queue. Started again, with a growing pause, when they die."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.pid = 0
        self.main = ""
        self._up = mmap.mmap(-1, 1)  # one byte that is shared with what is forked: its main process sets it
        self._began = 0.0
        self._pause = 0.0
        self._not_before = 0.0

    def start(self) -> None:
        """Fork the cluster's main process. Quick and small: all that the supervisor has loaded is shared."""
        self._began = time.monotonic()
        # An open database must not cross a fork.
        connections.close_all()
        sqlite.close_all()
        self._up[0] = 0
        sys.stdout.flush()
        sys.stderr.flush()
        supervisor = os.getpid()
        pid = os.fork()
        if pid == 0:
            _serve(self.queue, supervisor, self._up)
        self.pid, self.main = pid, process.name_of(pid)
        logger.info("The cluster of %s starts (%s)", self.queue, pid)

    def ended(self) -> None:
        """Its main process has died: end what is left of it, and let it be started again in a while."""
        self._signal(signal.SIGKILL)
        self.pid = 0
        steady = self.has_started() and time.monotonic() - self._began > STEADY_SECONDS
        self._pause = 0.0 if steady else min(max(1.0, 2 * self._pause), LONGEST_PAUSE)
        self._not_before = time.monotonic() + self._pause

    def should_start(self) -> bool:
        """Whether it is down and the pause is over."""
        return not self.pid and time.monotonic() >= self._not_before

    def has_started(self) -> bool:
        """Whether all of its processes were begun."""
        return self._up[0] == 1

    def is_overdue(self, seconds: float) -> bool:
        """Whether it has tried to start for longer than that: its start hangs, and nothing in it would end that."""
        return bool(self.pid) and not self.has_started() and time.monotonic() - self._began > seconds

    def ask_to_stop(self) -> None:
        """Have its workers hand back what they run, and end."""
        self._signal(stop.SIGNAL)

    def kill(self) -> None:
        """End all of its processes now."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)


def kill_session(main: str) -> int:
    """End what is left of a cluster whose supervisor is dead; how many processes that were."""
    if not main or process.alive(main) is None:
        return 0
    leader = int(main.split(":")[1])
    # While a session has members its number is not used again; a living leader must still be the same process.
    if process.start_time(leader) and not process.alive(main):
        return 0
    killed = 0
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == leader and process.start_time(pid):
                os.kill(pid, signal.SIGKILL)
                killed += 1
    return killed


def _serve(queue: str, supervisor: int, up: mmap.mmap) -> NoReturn:
    """The main process of the cluster; never returns into the supervisor's code."""
    status = 1
    try:
        os.setsid()
        process.die_with_parent(supervisor)
        _tie_descendants()
        title.take(f"worker {queue} main")
        _title_descendants(f"worker {queue}")
        stop.listen()
        # django-q2 reads its cluster's name once, from the environment; the fork comes later.
        Conf.CLUSTER_NAME = queue
        here.serve(queue)
        cluster = QCluster()
        # Its own handlers block in the middle of a stop; a flag is enough.
        stop.listen(signal.SIGTERM)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        faultpoint("cluster.starting")
        cluster.start()
        up[0] = 1
        while not stop.asked() and cluster.sentinel.is_alive() and os.getppid() == supervisor:
            time.sleep(0.1)
        if stop.asked():
            faultpoint("cluster.stopping")
            # May block for ever if a worker was killed; the supervisor ends the group after its grace time.
            threading.Thread(target=cluster.stop_event.set, daemon=True).start()
            cluster.sentinel.join()
            status = 0
        else:
            logger.error("The cluster of %s lost its sentinel or its supervisor", queue)
    except Exception:
        logger.exception("The cluster of %s could not start", queue)
    finally:
        if status:
            os.killpg(0, signal.SIGKILL)
        os._exit(status)


def _tie_descendants() -> None:
    """Have every process that is forked from here on die with the one that forked it."""
    forker = 0

    def remember() -> None:
        nonlocal forker
        forker = os.getpid()

    os.register_at_fork(before=remember, after_in_child=lambda: process.die_with_parent(forker))


def _title_descendants(prefix: str) -> None:
    """Have django-q2's processes called after what they do: all come out of the same fork, and differ by their target.

    Those that do the work have the prefix alone.
    """

    def rename(_: object) -> None:
        target = getattr(multiprocessing.current_process(), "_target", None)
        name = getattr(target, "__name__", "").lower()
        title.take(f"{prefix} {name}" if name and name != "worker" else prefix)

    multiprocessing_util.register_after_fork(rename, rename)
