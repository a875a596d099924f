"""The render children of one film: as many as there are cores, if need be started before Django is."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from videoserver.work.sandbox import Child

MODULE = "rendering.engine"
MOST = 8
"""Beyond that memory is what lacks: each holds the frames of a scene and of the encoder."""
Free = queue.SimpleQueue[Child]
_early: list[Child] = []


def start_early() -> None:
    """Start the first two now: a command's own imports take as long as theirs."""
    for _ in range(min(2, size())):
        child = Child(MODULE)
        child.start()
        _early.append(child)


def size() -> int:
    """How many children this machine keeps busy."""
    return min(len(os.sched_getaffinity(0)), MOST)


@contextmanager
def crew(children: int) -> Iterator[tuple[ThreadPoolExecutor, Free]]:
    """As many render children as threads that ask them; closed at the end, whatever happens."""
    hands = [_early.pop() if _early else Child(MODULE) for _ in range(children)]
    free: Free = queue.SimpleQueue()
    for child in hands:
        free.put(child)
    with ThreadPoolExecutor(children, "render") as pool:
        try:
            yield pool, free
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            for child in hands:
                child.close()


@contextmanager
def lent(free: Free) -> Iterator[Child]:
    """A child that has nothing to do, as soon as there is one."""
    child = free.get()
    try:
        yield child
    finally:
        free.put(child)
