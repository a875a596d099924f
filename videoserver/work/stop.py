"""Whether this process was asked to stop: set by a signal, read by every renewal of a lease. Knows no Django."""

import signal
from types import FrameType

SIGNAL = signal.SIGUSR1
"""Not SIGTERM: django-q2 kills its stuck workers with that one."""

_asked = False


def listen(number: int = SIGNAL) -> None:
    """Heed the signal in this process and all that it forks."""
    global _asked
    _asked = False
    signal.signal(number, _ask)


def asked() -> bool:
    """Whether to hand back what runs and take nothing more."""
    return _asked


def _ask(_number: int, _frame: FrameType | None) -> None:
    global _asked
    _asked = True
