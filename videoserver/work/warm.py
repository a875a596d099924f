"""Children that are kept from one request to the next, and let go when nobody has asked them for a while."""

from __future__ import annotations

import atexit
import os
import threading
import time

from videoserver.work.sandbox import Child, Limits

IDLE_SECONDS = 120.0
"""A render child holds 150 MB and more: worth keeping between two segments, not overnight."""

_kept: dict[tuple[int, str], Child] = {}
_lock = threading.Lock()


def warm(module: str, limits: Limits | None = None) -> Child:
    """This process's kept-warm child of that module; a dead one is replaced at the next request."""
    # By pid: a fork must not talk to the child of its parent.
    key = (os.getpid(), module)
    with _lock:
        if key not in _kept:
            if not any(pid == key[0] for pid, _ in _kept):
                threading.Thread(target=_keep, name="warm children", daemon=True).start()
            _kept[key] = Child(module, limits=limits or Limits())
        return _kept[key]


def let_go(idle: float = IDLE_SECONDS) -> None:
    """End this process's children that nobody has asked for so many seconds."""
    with _lock:
        children = [child for (pid, _), child in _kept.items() if pid == os.getpid()]
    for child in children:
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
