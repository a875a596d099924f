"""A client's socket as gunicorn's parser and writer use it: it waits only while the client keeps pace."""

from __future__ import annotations

import array
import errno
import fcntl
import os
import select
import socket
import struct
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
SMALLEST_BLOCK, LARGEST_BLOCK = 16 * 1024, 1024**2
"""Of one read. gunicorn asks for 1 MiB at a time, which is set aside before a slow client's single byte comes."""
SENDFILE_BLOCK = 8 * 1024**2


class TooSlow(OSError):
    """The client moved less than the least rate."""

    def __init__(self) -> None:
        super().__init__(errno.ETIMEDOUT, "The client was too slow.")


class Pace:
    """How much one direction moved while we waited for the client. Time in which we did not wait does not count."""

    def __init__(self, rate: int, window: float) -> None:
        self.rate, self.window = rate, window
        self.waited, self.mark = 0.0, 0

    def spent(self, seconds: float, progress: int) -> None:
        """Note a wait and what had moved at its end; raises TooSlow when a whole window was too slow."""
        self.waited += seconds
        if self.waited >= self.window:
            if progress - self.mark < self.rate * self.window:
                raise TooSlow
            self.waited = 0.0


class ClientSocket:
    """Never blocks in the kernel: where the client lets us wait, `on_wait` is called first, then a poll with an end."""

    def __init__(self, sock: socket.socket, rate: int, window: float) -> None:
        self._sock, self._rate, self._window = sock, rate, window
        sock.setblocking(False)
        self.on_wait: Callable[[], None] = lambda: None
        self.expects_continue = False
        self.answered = False
        self.failed: OSError | None = None
        self._received = self._sent = 0
        self._block = SMALLEST_BLOCK
        self.next_request()

    def next_request(self) -> None:
        """Each request is judged by itself."""
        self._paces = {event: Pace(self._rate, self._window) for event in (select.POLLIN, select.POLLOUT)}
        self._wait_began: tuple[float, int] | None = None
        self._tail: tuple[float, int] | None = None
        self.answered = False

    def recv(self, size: int, flags: int = 0) -> bytes:
        while True:
            try:
                data = self._sock.recv(min(size, self._block), flags)
            except BlockingIOError:
                if flags & socket.MSG_DONTWAIT:
                    raise
                if self.expects_continue:
                    self.expects_continue = False
                    self._send_all(CONTINUE)
                self._block = SMALLEST_BLOCK
                self._wait(select.POLLIN)
            else:
                self._received += len(data)
                if len(data) == self._block < LARGEST_BLOCK:
                    self._block *= 2
                return data

    def send(self, data: Any, flags: int = 0) -> int:
        self.sendall(data)
        return len(data)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send a part of the answer: from here on no 100 Continue may follow."""
        self.expects_continue, self.answered = False, True
        self._send_all(data)

    def send_now(self, data: bytes) -> None:
        """Send what fits without waiting."""
        self._sock.send(data)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Have the kernel send a part of a file."""
        self.expects_continue, self.answered = False, True
        left = os.fstat(file.fileno()).st_size - offset if count is None else count
        total = left
        while left:
            self._check()
            try:
                sent = os.sendfile(self._sock.fileno(), file.fileno(), offset, min(left, SENDFILE_BLOCK))
            except BlockingIOError:
                self._wait(select.POLLOUT)
                continue
            if not sent:
                raise OSError(errno.EIO, "The file that is sent ended early.")
            self._sent += sent
            offset, left = offset + sent, left - sent
        return total

    def too_slow_for(self, seconds: float) -> float:
        """How long (0 when shorter than `seconds`) the wait that is under way has been below the least rate."""
        began = self._wait_began
        if began is None:
            return 0.0
        elapsed, event = time.monotonic() - began[0], began[1]
        moved = self._progress(event) - self._paces[event].mark
        return elapsed if elapsed >= seconds and moved < self._rate * elapsed else 0.0

    def has_left(self) -> bool:
        """Whether the client closed its side; what it sent meanwhile stays unread."""
        try:
            return self._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def cut(self) -> None:
        """End the connection from another thread: whoever waits for it wakes up."""
        self.failed = self.failed or TooSlow()
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def fileno(self) -> int:
        return self._sock.fileno()

    def still_taking(self) -> bool:
        """Whether the client still takes, and not too slowly, what the system keeps of our answers."""
        left, now = self._unsent(), time.monotonic()
        if not left:
            return False
        began, then = self._tail = self._tail or (now, left)
        if now - began < self._window:
            return True
        self._tail = (now, left)
        return then - left >= self._rate * (now - began)

    def close(self, reset: bool = False) -> None:
        if reset and (self.failed or self._unsent()):
            with suppress(OSError):
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def shutdown(self, how: int) -> None:
        self._sock.shutdown(how)

    def getpeername(self) -> Any:
        return self._sock.getpeername()

    def getsockname(self) -> Any:
        return self._sock.getsockname()

    def gettimeout(self) -> float:
        """What it has in the kernel; gunicorn asks before it sends an error."""
        return 0.0

    def setblocking(self, flag: bool) -> None:
        """gunicorn wants a blocking socket; that is what this looks like already."""

    def _send_all(self, data: Any) -> None:
        view = memoryview(data).cast("B")
        while view:
            self._check()
            try:
                sent = self._sock.send(view)
            except BlockingIOError:
                self._wait(select.POLLOUT)
                continue
            self._sent += sent
            view = view[sent:]

    def _check(self) -> None:
        """What failed once goes on failing: an application that swallowed it sends nothing more."""
        if self.failed:
            raise self.failed

    def _wait(self, event: int) -> None:
        self._check()
        pace = self._paces[event]
        began = time.monotonic()
        if pace.waited == 0:
            pace.mark = self._progress(event)
        try:
            self.on_wait()
            self._wait_began = (began, event)
            poll = select.poll()
            poll.register(self._sock, event)
            poll.poll(max(0.0, pace.window - pace.waited) * 1000)
            self._check()
            pace.spent(time.monotonic() - began, self._progress(event))
        except OSError as error:
            self.failed = error
            raise
        finally:
            self._wait_began = None

    def _progress(self, event: int) -> int:
        """Bytes that came, or that the client's system has taken: what waits in our own buffer is not sent."""
        return self._received if event == select.POLLIN else self._sent - self._unsent()

    def _unsent(self) -> int:
        if sys.platform != "linux":
            return 0
        waiting = array.array("i", [0])
        try:
            fcntl.ioctl(self._sock.fileno(), termios.TIOCOUTQ, waiting)
        except (OSError, ValueError):
            return 0
        return waiting[0]
