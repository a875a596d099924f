"""Runs a command and says what it took: wall, CPU of it and all its children, peak memory of all of them together."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.1


class CommandFailed(Exception):
    """The measured command ended with an error; its last words are the text."""


@dataclass(frozen=True)
class Took:
    wall: float
    cpu: float
    memory: int
    """Bytes, resident, of the whole family at its largest."""


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None) -> Took:
    """One run from process start to process end."""
    began = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output: list[bytes] = []
    reader = threading.Thread(target=lambda: output.append(child.stdout.read() if child.stdout else b""))
    reader.start()
    family = Family(child.pid)
    family.start()
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    family.stop()
    reader.join()
    if child.stdout:
        child.stdout.close()
    if child.returncode:
        words = b"".join(output)[-3000:].decode(errors="replace")
        raise CommandFailed(f"{' '.join(command[:6])} … ended with {child.returncode}:\n{words}")
    return Took(wall, used.ru_utime + used.ru_stime, family.peak)


class Family(threading.Thread):
    """Watches the memory of a process and of everything that it starts."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak = pid, 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(SAMPLE_SECONDS):
            total = 0
            try:
                first = psutil.Process(self.pid)
                family = [first, *first.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue
            for member in family:
                try:
                    total += member.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak = max(self.peak, total)

    def stop(self) -> None:
        self.ended.set()
        self.join()
