"""Connections that wait in the event loop, each phase with its own patience, and how many each address has open."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping

from videoserver.web.server.connection import Connection, Phase


class WaitingRoom:
    """A phase's connections stand in the order in which they came, which is the order of their deadlines."""

    def __init__(self, patience: Mapping[Phase, float]) -> None:
        self._patience = patience
        self._lines: dict[Phase, dict[Connection, float]] = {phase: {} for phase in Phase}
        self._open: Counter[str] = Counter()
        self._cap = float("inf")

    def put(self, connection: Connection, phase: Phase) -> None:
        """Begin (or change to) a phase, with its whole patience."""
        self.take(connection)
        connection.phase = phase
        self._lines[phase][connection] = time.monotonic() + self._patience[phase]

    def take(self, connection: Connection) -> None:
        """It waits no longer."""
        if connection.phase is not None:
            del self._lines[connection.phase][connection]
            connection.phase = None

    def until_next(self) -> float:
        """Seconds until the first patience ends."""
        firsts = [next(iter(line.values())) for line in self._lines.values() if line]
        return max(0.0, min([*firsts, self._cap]) - time.monotonic()) if firsts else float("inf")

    def expired(self) -> Iterator[Connection]:
        """Those whose patience has ended; each must be taken or put elsewhere before the next one is asked for."""
        for line in self._lines.values():
            while line:
                connection, deadline = next(iter(line.items()))
                if min(deadline, self._cap) > time.monotonic():
                    break
                yield connection

    def cap(self, deadline: float) -> None:
        """From now on nobody waits longer than this; the first call counts."""
        self._cap = min(self._cap, deadline)

    def longest(self) -> Connection | None:
        """Who should go when there is no room: one that is closing, then the oldest idle or unfinished one."""
        for phase in (Phase.LINGER, Phase.IDLE, Phase.HEAD):
            if line := self._lines[phase]:
                return next(iter(line))
        return None

    def admits(self, group: str, limit: int) -> bool:
        """Whether this address may open another connection; a trusted proxy ("") always may."""
        return not group or self._open[group] < limit

    def opened(self, group: str) -> None:
        self._open[group] += 1

    def closed(self, group: str) -> None:
        self._open[group] -= 1
        if not self._open[group]:
            del self._open[group]
