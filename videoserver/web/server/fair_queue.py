"""Requests that wait for a thread: callers take turns, and within a caller its paths do."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")
Place = tuple[str, str]
"""A caller, and a path that it asks for."""


class FairQueue(Generic[T]):
    """Two hundred requests for a film stand behind each other, and not before everybody else. At most `most` of one
    place are taken at the same time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lines: OrderedDict[str, OrderedDict[str, deque[T]]] = OrderedDict()
        self._taken: Counter[Place] = Counter()

    def put(self, place: Place, item: T) -> None:
        caller, path = place
        self._lines.setdefault(caller, OrderedDict()).setdefault(path, deque()).append(item)

    def take(self) -> T | None:
        """The next one; whoever takes it says `done` with its place."""
        for caller, paths in list(self._lines.items()):
            for path, line in list(paths.items()):
                if self._taken[caller, path] < self._most:
                    item = line.popleft()
                    self._taken[caller, path] += 1
                    self._turn(caller, path)
                    return item
        return None

    def done(self, place: Place) -> None:
        """It computes no longer."""
        self._taken[place] -= 1
        if self._taken[place] <= 0:
            del self._taken[place]

    def _turn(self, caller: str, path: str) -> None:
        paths = self._lines[caller]
        if paths[path]:
            paths.move_to_end(path)
        else:
            del paths[path]
        if paths:
            self._lines.move_to_end(caller)
        else:
            del self._lines[caller]
