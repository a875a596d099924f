"""Threads for requests: a few that compute, and many that wait for a client.

A request begins on one of the quick seats. As soon as it has to wait for its client it leaves that seat to the next
request and counts as a transfer, on the same thread.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from queue import SimpleQueue

from videoserver.web.server.connection import Connection
from videoserver.web.server.fair_queue import FairQueue
from videoserver.web.server.limits import EVICT_AFTER, EVICT_HOLDER_AFTER, HELD_BYTES, Limits

Work = Callable[[], None]
Task = tuple[Connection, Work]


class NoRoom(OSError):
    """There is no place for another transfer, of this address or at all."""


class Threads:
    """Runs connections. `release` gives back what a thread holds for its request (a database connection)."""

    def __init__(self, quick: int, limits: Limits, release: Work) -> None:
        self._quick, self._limits, self._release = quick, limits, release
        self._lock = threading.Lock()
        self._queue: FairQueue[Task] = FairQueue(max(1, quick // 4))
        self._running: set[Connection] = set()
        self._transfers: dict[Connection, int] = {}
        self._of_address: Counter[str] = Counter()
        self._idle: list[SimpleQueue[Task]] = []

    def submit(self, connection: Connection, work: Work) -> None:
        """Run it when a quick seat is free."""
        with self._lock:
            self._queue.put(connection.place(), (connection, work))
            self._fill()

    def shutdown(self, wait: bool = True) -> None:
        """For gunicorn, which ends the process next, and the threads with it."""

    def to_transfers(self, connection: Connection, held: int = 0) -> None:
        """Leave the quick seat: this request waits for its client. Raises NoRoom; then it keeps its seat. `held` bytes
        of its answer stay in memory meanwhile."""
        with self._lock:
            if connection in self._transfers:
                self._hold(connection, held)
                return
            if connection not in self._running:
                return
            self._make_room(connection)
            self._hold(connection, held)
            self._leave_quick(connection)
            self._of_address[connection.group] += 1
            self._fill()
        self._release()

    def _hold(self, connection: Connection, held: int) -> None:
        while held and sum(self._transfers.values()) + held > HELD_BYTES:
            self._evict([other for other, bytes_held in self._transfers.items() if bytes_held], EVICT_HOLDER_AFTER)
        self._transfers[connection] = held

    def leave(self, connection: Connection) -> None:
        """The last thing that a request does, before its connection may bring another one."""
        with self._lock:
            self._leave(connection)

    def _make_room(self, connection: Connection) -> None:
        group = connection.group
        if group and self._of_address[group] >= self._limits.transfers_per_address:
            self._evict([other for other in self._transfers if other.group == group])
        elif len(self._transfers) >= self._limits.transfers:
            self._evict(list(self._transfers))

    def _evict(self, candidates: list[Connection], after: float = EVICT_AFTER) -> None:
        """Cut the one that has been too slow for longest: patience is for times when there is room."""
        slowest = max(candidates, key=lambda other: other.sock.too_slow_for(after), default=None)
        if slowest is None or not slowest.sock.too_slow_for(after):
            raise NoRoom("There is no room for another transfer.")
        slowest.sock.cut()
        self._leave(slowest)

    def _leave_quick(self, connection: Connection) -> None:
        if connection in self._running:
            self._running.discard(connection)
            self._queue.done(connection.place())

    def _leave(self, connection: Connection) -> None:
        self._leave_quick(connection)
        if connection in self._transfers:
            del self._transfers[connection]
            self._of_address[connection.group] -= 1
            if not self._of_address[connection.group]:
                del self._of_address[connection.group]

    def _fill(self) -> None:
        while task := self._take():
            if self._idle:
                self._idle.pop().put(task)
                continue
            # Daemons: a server that was asked to stop waits for its requests by its own clock, and then ends.
            thread = threading.Thread(target=self._serve, args=(task,), name="request", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system gives us no more; the next thread that is done takes it
                self._leave_quick(task[0])
                self._queue.put(task[0].place(), task)
                return

    def _take(self) -> Task | None:
        if len(self._running) >= self._quick or (task := self._queue.take()) is None:
            return None
        self._running.add(task[0])
        return task

    def _serve(self, task: Task) -> None:
        inbox: SimpleQueue[Task] = SimpleQueue()
        try:
            goes_on = True
            while goes_on:
                try:
                    task[1]()
                finally:
                    goes_on = self._ended(inbox)
                if goes_on:
                    task = inbox.get()
        finally:
            self._release()

    def _ended(self, inbox: SimpleQueue[Task]) -> bool:
        """Whether this thread has or waits for another task. As many wait, with their database connections, as there
        are quick seats."""
        with self._lock:
            if task := self._take():
                inbox.put(task)
                return True
            if len(self._idle) < self._quick:
                self._idle.append(inbox)
                return True
            return False
