"""An HTTP server that answers as it is told, byte for byte, as badly as it likes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket, bytes], None]


class Source:
    """Answers each connection with the script of its path; keeps the requests that came."""

    def __init__(self, listening: socket.socket) -> None:
        self.listening = listening
        self.port = int(listening.getsockname()[1])
        self.scripts: dict[str, Script] = {}
        self.requests: list[bytes] = []
        self.closing = threading.Event()

    @property
    def place(self) -> str:
        """What must be opened for it."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str, script: Script | bytes) -> str:
        """Where this script answers; bytes are the whole answer."""
        self.scripts[path] = script if callable(script) else saying(script)
        return f"http://{self.place}{path}"

    def serve(self) -> None:
        while not self.closing.is_set():
            with suppress(TimeoutError, OSError):
                connection, _ = self.listening.accept()
                threading.Thread(target=self.answer, args=[connection], daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            request = b""
            connection.settimeout(10)
            while b"\r\n\r\n" not in request and not request.startswith(b"\x16"):
                request += connection.recv(65536) or b"\r\n\r\n"
            if not request.strip():
                return  # gone before it asked
            if request.startswith(b"\x16"):
                connection.sendall(b"no TLS here")
                return
            self.requests.append(request)
            path = request.split()[1].decode(errors="replace").split("?")[0]
            self.scripts[path](connection, request)


def saying(answer: bytes) -> Script:
    """Send this and close."""
    return lambda connection, _request: connection.sendall(answer)


def file(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A plain answer; `length` lies about it."""
    said = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(said).encode() + b"\r\n\r\n" + body


@contextmanager
def source() -> Iterator[Source]:
    """Such a server, on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        made = Source(listening)
        thread = threading.Thread(target=made.serve, daemon=True)
        thread.start()
        yield made
        made.closing.set()
        thread.join()
