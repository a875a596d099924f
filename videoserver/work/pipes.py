"""The three pipes to a child, none of which ever blocks the parent. Knows no Django."""

import os
import subprocess
from typing import IO


def of(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    """Its stdin, stdout and stderr."""
    assert child.stdin and child.stdout and child.stderr  # noqa: S101 - for the type checker
    return child.stdin, child.stdout, child.stderr


def send(pipe: IO[bytes], unsent: bytes) -> bytes:
    """Write what fits; the rest."""
    try:
        return unsent[os.write(pipe.fileno(), unsent[:65536]) :]
    except BlockingIOError:
        return unsent
    except BrokenPipeError:
        # It died: its output says so too, and what it wrote last.
        return b""


def receive(descriptor: int) -> bytes | None:
    """Read what is there: None if nothing is, empty at the end."""
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return None
