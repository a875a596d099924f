"""The child's side of the sandbox: limits first, then requests from stdin until it closes. Knows no Django."""

import contextlib
import json
import os
import queue
import resource
import runpy
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from typing import Any

from videoserver.work import isolation, process, title

Report = Callable[[dict[str, Any]], None]
Handle = Callable[[dict[str, Any], Report], dict[str, Any]]

_cpu_seconds: int | None = None


def begin() -> None:
    """Started by the parent as `begin MODULE PARENT LIMITS`: tie and limit this process, then run the module."""
    global _cpu_seconds
    module, parent, limits = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    isolation.leave_network()  # first: a change of who it is would forget the next line's signal
    process.die_with_parent(parent)
    title.take(f"child {module}")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, limits["file_bytes"])
    # Not RLIMIT_AS: the threads of NumPy and FFmpeg reserve address space by the gigabyte and never touch it.
    _limit(resource.RLIMIT_DATA, limits["memory_bytes"])
    _cpu_seconds = limits["cpu_seconds"]
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def serve(handle: Handle) -> None:
    """Answer requests until stdin closes, which ends this process at once, also in the middle of one."""
    # Whatever a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    lock = threading.Lock()

    def answer(event: dict[str, Any]) -> None:
        line = json.dumps(event).encode() + b"\n"
        with lock:
            try:
                answers.write(line)
            except BrokenPipeError:
                os._exit(1)

    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests,), name="stdin", daemon=True).start()
    while True:
        request = requests.get()
        # Where a library's temporary files go: the caller's workspace, which is removed whatever happens.
        tempfile.tempdir = request.pop("scratch", None)
        if _cpu_seconds is not None:
            used = resource.getrusage(resource.RUSAGE_SELF)
            _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + _cpu_seconds)
        answer(_answer(handle, request, lambda event: answer({**event, "event": "progress"})))


def _answer(handle: Handle, request: dict[str, Any], report: Report) -> dict[str, Any]:
    try:
        return {"event": "done", "result": handle(request, report)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent is told
        code = getattr(error, "code", None)
        if isinstance(code, str):
            detail = str(getattr(error, "detail", "") or error)
            return {"event": "error", "code": code, "detail": detail, "permanent": bool(getattr(error, "permanent", 0))}
        traceback.print_exc()
        sys.stderr.flush()
        detail = f"{type(error).__name__}: {error}"
        return {"event": "error", "code": "internal_error", "detail": detail, "permanent": False}


def _read(requests: queue.SimpleQueue[dict[str, Any]]) -> None:
    with contextlib.suppress(OSError, ValueError):
        for line in sys.stdin.buffer:
            requests.put(json.loads(line))
    if os.getpgid(0) == os.getpid():
        # What a library started goes too: the group is this child's own.
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _limit(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (soft, hard))
