"""Fault points: named places where a test may have this process die, fail or wait. Without FAULTS they do nothing.

`FAULTS=segment.rendered:kill9@2,job.stored:raise`: at the second `segment.rendered` of all processes of this DATA_DIR
the process is killed; every `job.stored` raises. Actions: `kill9`, `raise`, `stop` (SIGSTOP), `sleep=SECONDS`.
"""

from __future__ import annotations

import os
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

FORM = re.compile(
    r"(?P<name>[a-z_.]+):(?P<action>kill9|raise|stop|sleep)(=(?P<seconds>[0-9.]+))?(@(?P<hit>[1-9][0-9]*))?"
)


class FaultInjected(RuntimeError):
    """What `raise` raises."""


@dataclass(frozen=True)
class Fault:
    """What happens at a point: each time, or at one of its hits only."""

    action: str
    hit: int | None = None
    seconds: float = 0.0


def faultpoint(name: str) -> None:
    """Something may happen here, if a test has asked for it."""
    if ARMED:
        strike(name)


def parse(text: str) -> dict[str, Fault]:
    """The faults by the names of their points. Raises ValueError."""
    faults = {}
    for word in filter(None, text.replace(" ", "").split(",")):
        if not (said := FORM.fullmatch(word)):
            raise ValueError(f"FAULTS must hold NAME:ACTION[=SECONDS][@HIT], but it holds {word!r}.")
        hit = int(said["hit"]) if said["hit"] else None
        faults[said["name"]] = Fault(said["action"], hit, float(said["seconds"] or 0))
    return faults


def strike(name: str) -> None:
    """Do what was asked for at this point, if this is the time for it."""
    fault = ARMED.get(name)
    if fault is None or (fault.hit and fault.hit != _count(name)):
        return
    match fault.action:
        case "kill9":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "sleep":
            time.sleep(fault.seconds)
        case _:
            raise FaultInjected(name)


def _count(name: str) -> int:
    """Which hit of the point this is, whichever process has it: a file that every hit makes longer by a byte."""
    folder = Path(settings.DATA_DIR) / "faults"
    folder.mkdir(exist_ok=True)
    file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(file, b".")
        return os.lseek(file, 0, os.SEEK_CUR)
    finally:
        os.close(file)


ARMED = parse(os.environ.get("FAULTS", ""))
