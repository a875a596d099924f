"""Children that open media: limited, in a session of their own, killed as a group, kept warm. Knows no Django."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from videoserver.work import pipes, process
from videoserver.work.child import serve

__all__ = ["Child", "ChildFailed", "Limits", "serve"]

ROOT = Path(__file__).resolve().parents[2]
TICK = 1.0
GRACE = 5.0
STDERR_TAIL = 8 * 1024
LONGEST_LINE = 64 * 1024 * 1024

OnEvent = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Limits:
    """What one child may use; CPU seconds count for each request anew."""

    memory_bytes: int = 6 * 1024**3
    cpu_seconds: int = 7200
    file_bytes: int = 20 * 1024**3


class ChildFailed(Exception):
    """The child reported an error, died, or went on for too long."""

    def __init__(self, code: str, detail: str, permanent: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.permanent = code, detail, permanent
        self.folder: Path | None = None
        """Where it worked."""


class Child:
    """One child: a server of requests that is started when first asked and lives until closed."""

    def __init__(self, module: str, *, limits: Limits = Limits(), python_path: Sequence[str] = ()) -> None:
        self.module, self.limits, self.python_path = module, limits, python_path
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr = b""
        self._lock = threading.Lock()
        self.used = time.monotonic()

    @property
    def pid(self) -> int | None:
        """The running child's pid, which is its group's and its session's too."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def request(
        self,
        request: dict[str, Any],
        *,
        folder: Path,
        on_event: OnEvent | None = None,
        stall: float = 600,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Have the child do it, with its temporary files in `folder`.

        `on_event` sees each progress, and a tick for each second without one; what it raises kills the group.
        """
        tell = on_event or (lambda _event: None)
        while not self._lock.acquire(timeout=TICK):
            tell({"event": "tick"})
        try:
            child = self._process
            # A child that was killed is a zombie before it can be waited for.
            if child is None or child.poll() is not None or not process.start_time(child.pid):
                child = self._start()
            line = json.dumps({**request, "scratch": str(folder)}).encode() + b"\n"
            done = False
            try:
                for event in self._events(child, line, stall, deadline):
                    if event["event"] in {"done", "error"}:
                        done = True
                        return _result(event)
                    tell(event)
            except ChildFailed as error:
                error.folder = folder
                raise
            finally:
                if not done:
                    self._kill()
        finally:
            self.used = time.monotonic()
            self._lock.release()
        raise AssertionError("A child's events end with its result or with an exception.")

    def start(self) -> None:
        """Start it before it is asked, so that its imports run beside what the caller has to do."""
        with self._lock:
            if self.pid is None:
                self._start()

    def rest(self) -> None:
        """End the child if nobody asks it anything just now; the next request starts it anew."""
        if self._lock.acquire(blocking=False):
            try:
                self._kill()
            finally:
                self._lock.release()

    def close(self) -> None:
        """End the child and all that it started."""
        self._kill()

    def _start(self) -> subprocess.Popen[bytes]:
        self._kill()
        self._stderr = b""
        code = "from videoserver.work.child import begin; begin()"
        words = [self.module, str(os.getpid()), json.dumps(asdict(self.limits))]
        path = os.pathsep.join([str(ROOT), *(str(Path(entry).resolve()) for entry in self.python_path)])
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": "/nonexistent",
            "PYTHONPATH": path,
        }

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-c", code, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                cwd="/",
                start_new_session=True,
            )

        self._process = child = process.nursery().submit(start).result()
        for pipe in pipes.of(child):
            os.set_blocking(pipe.fileno(), False)
        return child

    def _events(
        self, child: subprocess.Popen[bytes], unsent: bytes, stall: float, deadline: float | None
    ) -> Iterator[dict[str, Any]]:
        """Each event of the child, and a tick for every second without one."""
        stdin, stdout, stderr = pipes.of(child)
        began = heard = time.monotonic()
        received = b""
        with selectors.DefaultSelector() as selector:
            selector.register(stdin, selectors.EVENT_WRITE)
            selector.register(stdout, selectors.EVENT_READ)
            selector.register(stderr, selectors.EVENT_READ)
            while True:
                told = False
                for key, _ in selector.select(TICK):
                    if key.fileobj is stdin:
                        unsent = pipes.send(stdin, unsent)
                        if not unsent:
                            selector.unregister(stdin)
                        continue
                    chunk = pipes.receive(key.fd)
                    if chunk == b"" and key.fileobj is stdout:
                        raise self._death(child)
                    if chunk == b"":
                        selector.unregister(key.fileobj)
                    elif key.fileobj is stderr:
                        self._stderr = (self._stderr + (chunk or b""))[-STDERR_TAIL:]
                    else:
                        *lines, received = (received + (chunk or b"")).split(b"\n")
                        for line in lines:
                            told = True
                            heard = time.monotonic()
                            yield _event(line)
                        if len(received) > LONGEST_LINE:
                            raise ChildFailed("internal_error", "The child's answer is too long.")
                now = time.monotonic()
                if now - heard >= stall or (deadline is not None and now - began >= deadline):
                    raise ChildFailed("render_timeout", "Video rendering timeout")
                if not told:
                    yield {"event": "tick"}

    def _death(self, child: subprocess.Popen[bytes]) -> ChildFailed:
        """Why the child is no longer there, with the last words that it wrote."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)
        while chunk := pipes.receive(pipes.of(child)[2].fileno()):
            self._stderr = (self._stderr + chunk)[-STDERR_TAIL:]
        status = child.poll()
        how = "closed its output" if status is None else f"ended with status {status}"
        if status is not None and status < 0:
            how = f"was killed by {signal.Signals(-status).name}"
        words = self._stderr.decode(errors="replace").strip()
        return ChildFailed("child_died", f"The child {how}.\n{words}".strip())

    def _kill(self) -> None:
        """End the whole group: TERM, 5 s, KILL."""
        if (child := self._process) is None:
            return
        self._process = None
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(GRACE)
                # The leader has gone; whoever of its group has not goes now.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, signal.SIGKILL)
                break
        for pipe in pipes.of(child):
            with contextlib.suppress(OSError):
                pipe.close()


def _result(event: dict[str, Any]) -> dict[str, Any]:
    if event["event"] == "error":
        raise ChildFailed(event["code"], event["detail"], event["permanent"])
    result: dict[str, Any] = event["result"]
    return result


def _event(line: bytes) -> dict[str, Any]:
    event = json.loads(line)
    if not isinstance(event, dict) or "event" not in event:
        raise ChildFailed("internal_error", "The child's answer can't be read.")
    return event
