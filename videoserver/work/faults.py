"""Fault points: named places where a test may have this process die, fail or wait. Without FAULTS they do nothing.

`FAULTS=segment.rendered:kill9@2,job.stored:raise`: at the second `segment.rendered` of all processes of this DATA_DIR
the process is killed; every `job.stored` raises. Actions: `kill9`, `raise`, `stop` (SIGSTOP), `sleep=SECONDS`.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from django.conf import settings

from videoserver.work.fault_words import Fault, parse


class FaultInjected(RuntimeError):
    """What `raise` raises."""


def faultpoint(name: str) -> None:
    """Something may happen here, if a test has asked for it."""
    if ARMED:
        strike(name)


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


ARMED: dict[str, Fault] = parse(os.environ.get("FAULTS", ""))
