"""Our own commands as child processes: started in sessions of their own, ended with whoever started them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings

GRACE = 20.0
"""Seconds that they have to end before they are killed."""


@contextmanager
def running(name: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs while the block does, with its output in a log file."""
    with log.open("ab") as output:
        child = start(name, output)
        try:
            yield child
        finally:
            stop([child])


def start(name: str, output: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Start a command of ours in a session of its own; it ends by itself when this process dies."""
    command = [sys.executable, "manage.py", name, "--parent", str(os.getpid())]
    return subprocess.Popen(  # noqa: S603 - no shell; the arguments are ours
        command, cwd=settings.BASE_DIR, start_new_session=True, stdout=output, stderr=output
    )


def stop(children: list[subprocess.Popen[bytes]]) -> None:
    """Ask all of them to end, and kill what does not within the grace time."""
    for child in children:
        child.terminate()
    until = time.monotonic() + GRACE
    for child in children:
        try:
            child.wait(max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
