"""What this process is called in `ps` and `top`, and in each line of a JSON log. Knows no Django.

The title is written over the arguments that the process was started with, as setproctitle(3) does. The package of that
name would also rename what gunicorn and django-q2 start, in their words, and takes the room of the environment.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from pathlib import Path

PRODUCT = "videoserver"
PR_SET_NAME = 15
LONGEST_NAME = 15
"""Of what `top` shows: prctl(2) cuts it there."""
ARG_START, ARG_END = 48, 49
"""The fields of /proc/PID/stat that say where the arguments lie: proc(5)."""

_role = ""


def take(role: str) -> None:
    """Be called `videoserver: ROLE` from now on, as will be whatever this process forks."""
    global _role
    _role = role
    if sys.platform == "linux":
        _write(f"{PRODUCT}: {role}".encode())
        ctypes.CDLL(None).prctl(PR_SET_NAME, role.encode()[:LONGEST_NAME], 0, 0, 0)


def role() -> str:
    """The last one taken; empty in a command that ends by itself."""
    return _role


def _write(title: bytes) -> None:
    start, end = _arguments()
    room = end - start
    if room < 2:
        return
    shown = title[: room - 2]
    # The kernel ends the title at the first NUL when the last byte is none (fs/proc/base.c, get_mm_proctitle).
    filled = shown + b"\0" * (room - 1 - len(shown)) + b" "
    ctypes.memmove(start, filled, room)


@cache
def _arguments() -> tuple[int, int]:
    """From where to where they lie in memory; nothing where the kernel does not say."""
    # The name in parentheses may hold anything; the first word behind it is the third field.
    words = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return int(words[ARG_START - 3]), int(words[ARG_END - 3])
