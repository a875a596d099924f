"""Children that are kept from one request to the next, and let go when nobody has asked them for a while."""

from __future__ import annotations

import atexit
import os
import queue
import threading
import time
from pathlib import Path
from typing import Any

from videoserver.work.sandbox import Child, Limits, OnEvent

IDLE_SECONDS = 120.0
"""A render child holds 150 MB and more: worth keeping between two segments, not overnight."""
CHILDREN = 2
"""Of one module: a file that takes long must not stop all others. A worker, which has one thread, starts only one."""
PATIENCE = 5.0
"""Seconds that somebody waits for a child in person, which holds a thread of the web server."""
MOST_WAITING = 6
TICK = 1.0


class Busy(Exception):
    """All children have work, and whoever asked is no worker that could wait as long as it takes."""

    code, status, detail = "server_busy", 503, "The server is busy. Try again in a moment."
    headers = {"Retry-After": "5"}


class Warm(Child):
    """The first of a few children of one module. Who finds it busy has another; who finds none free waits, or is told.

    Who hears of each second renews a lease and may wait without limit; anybody else is a person's request.
    """

    def __init__(self, module: str, limits: Limits) -> None:
        super().__init__(module, limits=limits)
        self.spares = [Child(module, limits=limits) for _ in range(CHILDREN - 1)]
        # Last in, first out: the warmest is asked, and the others are let go.
        self._free: queue.LifoQueue[Child] = queue.LifoQueue()
        for child in (*self.spares, self):
            self._free.put(child)

    def request(
        self,
        request: dict[str, Any],
        *,
        folder: Path,
        on_event: OnEvent | None = None,
        stall: float = 600,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Have one of the children do it. Raises Busy besides what a child raises."""
        child = self._take(on_event)
        try:
            ask = super().request if child is self else child.request
            return ask(request, folder=folder, on_event=on_event, stall=stall, deadline=deadline)
        finally:
            self._free.put(child)

    def close(self) -> None:
        """End them all."""
        for spare in self.spares:
            spare.close()
        super().close()

    def _take(self, on_event: OnEvent | None) -> Child:
        try:
            return self._free.get_nowait()
        except queue.Empty:
            return self._wait(on_event) if on_event else self._wait_in_person()

    def _wait(self, on_event: OnEvent) -> Child:
        while True:
            try:
                return self._free.get(timeout=TICK)
            except queue.Empty:
                on_event({"event": "tick"})

    def _wait_in_person(self) -> Child:
        if not _seats.acquire(blocking=False):
            raise Busy
        try:
            return self._free.get(timeout=PATIENCE)
        except queue.Empty:
            raise Busy from None
        finally:
            _seats.release()


_kept: dict[tuple[int, str], Warm] = {}
_lock = threading.Lock()
_seats = threading.BoundedSemaphore(MOST_WAITING)


def warm(module: str, limits: Limits | None = None) -> Warm:
    """This process's kept-warm child of that module; a dead one is replaced at the next request."""
    # By pid: a fork must not talk to the child of its parent.
    key = (os.getpid(), module)
    with _lock:
        if key not in _kept:
            if not any(pid == key[0] for pid, _ in _kept):
                threading.Thread(target=_keep, name="warm children", daemon=True).start()
            _kept[key] = Warm(module, limits or Limits())
        return _kept[key]


def let_go(idle: float = IDLE_SECONDS) -> None:
    """End this process's children that nobody has asked for so many seconds."""
    with _lock:
        ours = [child for (pid, _), child in _kept.items() if pid == os.getpid()]
    for child in [each for first in ours for each in (first, *first.spares)]:
        if child.pid and time.monotonic() - child.used >= idle:
            child.rest()


def _keep() -> None:
    while True:
        time.sleep(IDLE_SECONDS / 4)
        let_go()


@atexit.register
def _close_all() -> None:
    for (pid, _), child in _kept.items():
        if pid == os.getpid():
            child.close()
