"""A child process that does not want to end: it hangs in one way or another, and has a child of its own."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from videoserver.work.child import Report, serve

WAYS = ("ignores SIGTERM", "has a child that ignores SIGTERM", "is stopped", "says no more", "goes on for ever")


def handle(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """Write both pids to `pids`, then hang."""
    way, deaf = request["way"], ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
    other = subprocess.Popen(deaf if "child" in way else ["sleep", "600"])
    if way == "ignores SIGTERM":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(request["pids"]).write_text(f"{os.getpid()} {other.pid}")
    if way == "is stopped":
        os.kill(os.getpid(), signal.SIGSTOP)
    if way == "says no more":
        os.closerange(3, 100)  # its answers, too
    while True:
        time.sleep(0.1)
        if way == "goes on for ever":
            report({"done": 1})


if __name__ == "__main__":
    serve(handle)
