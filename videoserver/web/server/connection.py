"""One client's connection: what of its next request has come, and what it waits for."""

from __future__ import annotations

import re
import socket
import time
from enum import Enum, auto
from typing import Any

from gunicorn import http

from videoserver.web.server.client_socket import ClientSocket
from videoserver.web.server.fair_queue import Place
from videoserver.web.server.limits import HEAD_BYTES, Limits

END = b"\r\n\r\n"
LENGTH = re.compile(rb"(?im)^content-length:[ \t]*([0-9]{1,19})[ \t]*\r$")
CHUNKED = re.compile(rb"(?im)^transfer-encoding:")
CALLER = re.compile(rb"(?im)^(?:x-api-key|authorization|cookie):[^\n]*$")
EXPECTS = re.compile(rb"(?im)^expect:")
BODILESS = (b"GET ", b"HEAD ", b"OPTIONS ", b"DELETE ")


class Phase(Enum):
    """What the event loop waits for; a connection without a phase belongs to a thread, or is closed."""

    HEAD = auto()
    IDLE = auto()
    BODY = auto()
    LINGER = auto()


class Head(Enum):
    """How far a head has come."""

    INCOMPLETE = auto()
    COMPLETE = auto()
    TOO_LARGE = auto()


class Connection:
    """Its buffer holds what came and was not parsed yet."""

    def __init__(self, sock: socket.socket, address: Any, server: Any, limits: Limits) -> None:
        self.sock = ClientSocket(sock, limits.least_rate, limits.rate_window)
        self.client, self.server = address, server
        self.group = limits.address_group(address[0] if isinstance(address, tuple) else "")
        self.buffer = bytearray()
        self.phase: Phase | None = None
        self.parser: Any = None
        self.body_at = 0
        self._searched = 0
        self._place = ("", "")
        self._placed_at = 0.0

    def head(self) -> Head:
        """Whether the buffer holds a whole head, or one that gunicorn's parser refuses without reading on."""
        end = self.buffer.find(END, max(0, self._searched - len(END) + 1))
        self._searched = len(self.buffer)
        if 0 <= end <= HEAD_BYTES:
            self.body_at = end + len(END)
            return Head.COMPLETE
        if end >= 0 or len(self.buffer) > HEAD_BYTES:
            return Head.TOO_LARGE
        # A bare LF never becomes a head: the parser says so.
        return Head.INCOMPLETE if self.buffer.count(b"\n") == self.buffer.count(b"\r\n") else Head.COMPLETE

    def body_length(self) -> int | None:
        """The length that the head announces; None for a body that is sent in chunks."""
        head = bytes(self.buffer[: self.body_at])
        if CHUNKED.search(head):
            return 0 if head.lstrip().startswith(BODILESS) else None
        found = LENGTH.search(head)
        return int(found[1]) if found else 0

    def place(self) -> Place:
        """Where its request stands in the queue: the caller by address and credentials, and the path."""
        return self._place

    def waited(self) -> float:
        """Seconds since it was given a place."""
        return time.monotonic() - self._placed_at

    def take_place(self) -> None:
        """Read it from the head, which is there."""
        self._placed_at = time.monotonic()
        head = bytes(self.buffer[: self.body_at]) if self.body_at else b""
        secrets = hash(tuple(CALLER.findall(head)))
        target = head.split(b"\r\n", 1)[0].partition(b"?")[0].removesuffix(b" HTTP/1.1")
        self._place = (f"{self.group} {secrets}", target.decode("latin-1"))

    def expects_continue(self) -> bool:
        """Whether the client waits for a sign before it sends the body."""
        return EXPECTS.search(self.buffer, 0, self.body_at) is not None

    def next_request(self, cfg: Any) -> Any:
        """Parse the head, in a thread."""
        if self.parser is None:
            self.parser = http.get_parser(cfg, self.sock, self.client)
        self.parser.unreader.unread(bytes(self.buffer))
        self.sock.next_request()
        self.clear()
        request = next(self.parser)
        # It is said when somebody reads the body, and not when the application refuses the request.
        self.sock.expects_continue, request._expected_100_continue = request._expected_100_continue, False
        return request

    def has_body(self, request: Any) -> bool:
        """Whether nothing of the request's body is still on its way."""
        left = getattr(request.body.reader, "length", None)
        return left is not None and not request.body.failed and left <= len(self.parser.unreader.buf.getvalue())

    def can_go_on(self, request: Any) -> bool:
        """Whether the next request follows: the body of this one is here. Takes what came after it."""
        if not self.has_body(request):
            return False
        self.parser.finish_body()
        self.buffer += self.parser.unreader.take_buffered()
        return True

    def clear(self) -> None:
        """Forget what was handed on."""
        self.buffer.clear()
        self._searched = self.body_at = 0
