"""The worker command's heart: starts a cluster for each queue, tends it, reaps, and stops all within a bounded time."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import FrameType

import psutil
from django.conf import settings
from django.db import connections
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from videoserver.work import agreement, canary, cluster, here, process, recover, workspace
from videoserver.work.chore import Chore
from videoserver.work.cluster import Cluster
from videoserver.work.faults import faultpoint
from videoserver.work.models import Worker
from videoserver.work.watchdog import Watchdog

logger = logging.getLogger(__name__)

TICK = 0.1
GRACE = 10.0
REAP_EVERY = 15.0
START = 15.0
"""Seconds that a cluster may take to start. It takes half a second on an idle core; a start that hangs never ends."""
LAST_SECONDS = 5.0
"""What the kernel has to end what was killed."""


@dataclass(frozen=True)
class Clocks:
    """The seconds that a run of faults shortens."""

    grace: float = GRACE
    reap_every: float = REAP_EVERY
    patience: float = canary.PATIENCE
    start: float = START


def run(queues: Sequence[str], clocks: Clocks = Clocks()) -> int:
    """Serve the queues until SIGTERM or SIGINT; the exit code. Needs a process of its own, and its main thread."""
    return Supervisor(queues, clocks).run()


class Supervisor:
    """Of the clusters of one `manage.py worker`."""

    def __init__(self, queues: Sequence[str], clocks: Clocks) -> None:
        self.clusters = [Cluster(queue) for queue in dict.fromkeys(queues)]
        self.clocks = clocks
        self.me, self.pid = process.me(), os.getpid()
        self.watchdog = Watchdog(self.clusters, self.me, clocks.patience)
        self.name = settings.WORKER_NAME or ":".join(self.me.split(":")[:2])
        self.asked = 0
        self.refusal = ""
        self._orphans_seen: set[int] = set()
        # Whoever started us may have given us children; they are none of our business.
        self.others = {child.pid for child in psutil.Process().children()}
        self.chores = [
            Chore(1.0, recover.release_dead),
            Chore(canary.BEAT_EVERY, self.look_around),
            Chore(canary.BEAT_EVERY, self.beat),
            Chore(1.0, self.watchdog.look),
            Chore(clocks.reap_every, self.unless_refused(partial(recover.reap, max(1.0, 2 * clocks.reap_every)))),
            Chore(5.0, self.end_orphans),
            Chore(60.0, workspace.sweep),
            *(Chore(60.0, self.unless_refused(import_string(path))) for path in settings.WORK_CHORES),
        ]

    def run(self) -> int:
        """Until asked to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)
        process.adopt_orphans()
        keep_connections()
        Chore(0, self.end_predecessors).tend()
        Chore(0, recover.release_dead).tend()
        Chore(0, self.look_around).tend()
        # Bells that nobody heard while no worker ran.
        Chore(0, lambda: recover.reap(patience=0)).tend()
        try:
            while not self.asked:
                self.tend()
                time.sleep(TICK)
        finally:
            self.stop()
        return 0

    def tend(self) -> None:
        """One round of everything that is due."""
        self.reap_processes()
        for each in self.clusters:
            if each.should_start() and not self.refusal:
                each.start()
                self.watchdog.forget(each.queue)
                Chore(0, self.beat).tend()
            elif each.is_overdue(self.clocks.start):
                logger.error("The cluster of %s did not start in %g s and is killed", each.queue, self.clocks.start)
                each.kill()
        for chore in self.chores:
            chore.tend()

    def look_around(self) -> None:
        """Whether this process may work: it has the storage and the secret of the others. Else its clusters end."""
        before, self.refusal = self.refusal, agreement.problem()
        if self.refusal and self.refusal != before:
            logger.error("This worker does no work: %s", self.refusal)
        elif before and not self.refusal:
            logger.info("This worker works again")
        for each in self.clusters:
            if self.refusal:
                # The second look comes a grace time after the first.
                each.kill() if before else each.ask_to_stop()

    def unless_refused(self, deed: Callable[[], object]) -> Callable[[], object]:
        """The deed, while this process may work."""
        return lambda: None if self.refusal else deed()

    def beat(self) -> None:
        """Say that we live, and who serves what."""
        mine = {"name": self.name, "disk": here.disk(), "refusal": self.refusal, **about_me()}
        for each in self.clusters:
            now = {"main": each.main, **mine}
            if not Worker.objects.filter(supervisor=self.me, queue=each.queue).update(beat_at=Now(), **now):
                Worker.objects.create(supervisor=self.me, queue=each.queue, **now)

    def reap_processes(self) -> None:
        """Wait for those that ended: mains, and orphans that became ours."""
        mains = {each.pid: each for each in self.clusters if each.pid}
        for pid in [*mains, *self._orphans_seen]:
            try:
                ended, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                ended, status = pid, 0
            if ended and (main := mains.get(pid)):
                if not self.asked:
                    logger.error("The cluster of %s ended with status %s", main.queue, status)
                main.ended()
            elif ended:
                self._orphans_seen.discard(pid)

    def end_orphans(self) -> bool:
        """Kill what dead processes left: it was given to us, and nobody waits for it. Whether there was any."""
        mains = {each.pid for each in self.clusters}
        orphans = [child for child in psutil.Process().children() if child.pid not in mains | self.others]
        for child in orphans:
            if child.pid not in self._orphans_seen and process.start_time(child.pid):
                logger.info("Ending the orphan %s", child.pid)
                child.kill()
            self._orphans_seen.add(child.pid)
        return bool(orphans)

    def end_predecessors(self) -> None:
        """What supervisors of this machine left when they were killed."""
        for worker in canary.forget_the_dead():
            if killed := cluster.kill_session(worker.main):
                logger.warning("Ended %s processes that %s left behind", killed, worker)

    def stop(self) -> None:
        """Hand everything back and leave nobody, within the grace time; at once when asked a second time."""
        asked = self.asked
        faultpoint("supervisor.stopping")
        for each in self.clusters:
            each.ask_to_stop()
        end = time.monotonic() + self.clocks.grace
        while any(each.pid for each in self.clusters) and time.monotonic() < end and self.asked <= max(asked, 1):
            self.reap_processes()
            time.sleep(TICK)
        for each in self.clusters:
            each.kill()
        end = time.monotonic() + LAST_SECONDS
        while (any(each.pid for each in self.clusters) or self.end_orphans()) and time.monotonic() < end:
            self.reap_processes()
            time.sleep(TICK)
        Chore(0, lambda: recover.release_dead(spent=False)).tend()
        Chore(0, Worker.objects.filter(supervisor=self.me).delete).tend()
        signal.setitimer(signal.ITIMER_REAL, 0)
        logger.info("The worker has stopped")

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1
        # A cluster that was forked a moment ago still has this handler, but not this task.
        if self.asked == 1 and os.getpid() == self.pid:
            # A database that accepts connections and never answers would hold up the last statements for ever.
            signal.signal(signal.SIGALRM, self._give_up)
            signal.setitimer(signal.ITIMER_REAL, self.clocks.grace + 2 * LAST_SECONDS)

    def _give_up(self, _number: int, _frame: FrameType | None) -> None:
        """End what is left, and this process: leases that could not be handed back lapse."""
        logger.error("The stop took too long and is cut short")
        for each in self.clusters:
            each.kill()
        os._exit(1)


def keep_connections() -> None:
    """A cluster asks an SQLite file ten times a second: opening it anew each time would be most of the work."""
    for connection in connections.all():
        if connection.vendor == "sqlite":
            connection.settings_dict["CONN_MAX_AGE"] = None


def about_me() -> dict[str, str]:
    """What may differ from machine to machine while a new version is rolled out."""
    return {name: str(value)[:100] for name, value in import_string(settings.WORKER_ABOUT)().items()}
