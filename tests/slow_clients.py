"""Clients with bad manners: many connections that send or read next to nothing, in one thread."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

TICK = 0.1


@dataclass(frozen=True)
class Manner:
    """What each connection sends at first, what it adds in each tick, and how many bytes of the answer it reads then
    (None: all that comes)."""

    first: bytes = b""
    drip: bytes = b""
    reads: int | None = None


def unfinished_headers() -> Manner:
    return Manner(b"GET /api/v1/jobs/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", b"x")


def silence() -> Manner:
    return Manner()


def idle_after_an_answer() -> Manner:
    return Manner(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")


def dripping_body(key: str = "", length: int = 1_000_000, path: str = "/api/v1/storyboards/") -> Manner:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
    return Manner((head + credentials(key) + "\r\n{").encode(), b" ")


def endless_chunks(key: str = "") -> Manner:
    head = "POST /api/v1/storyboards/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return Manner((head + credentials(key) + "Transfer-Encoding: chunked\r\n\r\n").encode(), b"1\r\n \r\n")


def reader_of(path: str, key: str = "", reads: int = 0) -> Manner:
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
    return Manner((head + credentials(key) + "\r\n").encode(), reads=reads)


def credentials(key: str) -> str:
    return f"X-API-Key: {key}\r\n" if key else ""


class SlowClients:
    """Keeps `count` connections of one manner open: what the server closes is opened again when `again`."""

    def __init__(self, port: int, manner: Manner, count: int, again: bool = True) -> None:
        self.port, self.manner, self.count, self.again = port, manner, count, again
        self.opened = self.closed = 0
        self.answers: list[bytes] = []
        self._open: dict[int, socket.socket] = {}
        self._poll = select.poll()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def open(self) -> int:
        return len(self._open)

    def _run(self) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            if self.again or self.opened < self.count:
                for _ in range(self.count - len(self._open)):
                    self._connect()
            for handle, event in self._poll.poll(0):
                self._look(self._open[handle], event)
            for client in list(self._open.values()) if self.manner.drip else []:
                self._send(client, self.manner.drip)
            self._stop.wait(max(0.01, TICK - (time.monotonic() - begun)))
        for client in list(self._open.values()):
            client.close()

    def _connect(self) -> None:
        client = socket.socket()
        # A small buffer, so that what is not read stays with the server.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(5)
        try:
            client.connect(("127.0.0.1", self.port))
        except OSError:
            client.close()
            return
        client.setblocking(False)
        self.opened += 1
        self._open[client.fileno()] = client
        # Whoever reads nothing still learns that the server has closed.
        self._poll.register(client, select.POLLRDHUP | (0 if self.manner.reads == 0 else select.POLLIN))
        self._send(client, self.manner.first)

    def _send(self, client: socket.socket, data: bytes) -> None:
        try:
            client.send(data)
        except BlockingIOError:
            return
        except OSError:
            self._close(client)

    def _look(self, client: socket.socket, event: int) -> None:
        try:
            if self.manner.reads != 0 and (data := client.recv(self.manner.reads or 65536)):
                self.answers.append(data[:200])
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._close(client)

    def _close(self, client: socket.socket) -> None:
        if client.fileno() in self._open:
            del self._open[client.fileno()]
            self._poll.unregister(client)
            self.closed += 1
            client.close()


@contextmanager
def slow_clients(port: int, manner: Manner, count: int, again: bool = True) -> Iterator[SlowClients]:
    """They come, stay while the block runs, and leave."""
    clients = SlowClients(port, manner, count, again)
    clients._thread.start()
    try:
        yield clients
    finally:
        clients._stop.set()
        clients._thread.join(10)


def raw(port: int, data: bytes, timeout: float = 20) -> bytes:
    """Send this, and read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as client:
        client.sendall(data)
        return b"".join(iter(lambda: client.recv(65536), b""))


def read_at(client: Any, size: int, rate: int) -> bytes:
    """Read so many bytes at so many a second, a tenth of a second's worth at a time."""
    found = b""
    while len(found) < size and (data := client.recv(min(size - len(found), max(1, int(rate * TICK))))):
        found += data
        time.sleep(len(data) / rate)
    return found
