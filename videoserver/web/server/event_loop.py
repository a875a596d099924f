"""The event loop: it waits for clients where no thread should, and nothing in it blocks."""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from videoserver.web.server.connection import Connection, Head, Phase
from videoserver.web.server.limits import BUFFERED_BYTES, LINGER, SMALL_BODY, SMALL_BODY_WAIT, Limits
from videoserver.web.server.refusals import refusal
from videoserver.web.server.threads import Threads
from videoserver.web.server.waiting import WaitingRoom

RECV = 16 * 1024
SEGMENT = 1460
"""Bytes, as Ethernet's."""
STOP_SECONDS = 2.0
"""In which a stopping server still takes a request on a connection that is open."""


class EventLoopWorker(ThreadWorker):  # type: ignore[misc]
    """Collects heads and small bodies; only a request that is there gets a thread."""

    threads: Threads

    def init_process(self) -> None:
        limits: Limits = self.app.limits
        self.limits = limits
        self.waiting = WaitingRoom(
            {
                Phase.HEAD: limits.header_timeout,
                Phase.IDLE: float(self.cfg.keepalive),
                Phase.BODY: SMALL_BODY_WAIT,
                Phase.LINGER: LINGER,
            }
        )
        self.buffered = 0
        for listener in self.sockets:
            set_options(listener)
        super().init_process()

    def set_accept_enabled(self, enabled: bool) -> None:
        """A server that stops takes everybody who has connected already, and closes its socket at once: whoever comes
        later is refused by the system, and a proxy asks elsewhere before it has sent anything."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                while self.accept(listener):
                    pass
                listener.close()

    def accept(self, listener: Any) -> bool:
        """Take a new connection, if its address may have another one. Whether there was one."""
        try:
            client, address = listener.accept()
        except OSError as error:
            # Out of handles: those who wait longest make room.
            if error.errno in (errno.EMFILE, errno.ENFILE) and (longest := self.waiting.longest()):
                self.drop(longest)
            return False
        self.admit(client, address, listener)
        return True

    def admit(self, client: socket.socket, address: Any, listener: Any) -> None:
        """Let the loop wait for its first request, within the limits on connections."""
        connection = Connection(client, address, listener.getsockname(), self.limits)
        if not self.waiting.admits(connection.group, self.limits.connections_per_address):
            self.log.debug("Too many connections from %s", connection.group)
            connection.sock.close()
            return
        if self.nr_conns >= self.worker_connections - 1:
            longest = self.waiting.longest()
            if longest is None:
                connection.sock.close()
                return
            self.drop(longest)
        self.nr_conns += 1
        self.waiting.opened(connection.group)
        self.wait_for(connection, Phase.HEAD)

    def wait_for(self, connection: Connection, phase: Phase) -> None:
        """Let the loop wait, from now, for what the phase says."""
        if connection.phase is None:
            self.poller.register(connection.sock, selectors.EVENT_READ, partial(self.on_readable, connection))
        self.waiting.put(connection, phase)

    def on_readable(self, connection: Connection, _socket: Any) -> None:
        """Bytes, or the end, of a connection that waits in the loop."""
        if connection.phase is not None:  # else it went in the same round of events
            self.guard(connection, self.read)

    def guard(self, connection: Connection, step: Callable[[Connection], None]) -> None:
        """Let a mistake of ours cost one connection, and not the loop with all of them."""
        try:
            step(connection)
        except Exception:
            self.log.exception("A connection was dropped")
            self.drop(connection)

    def read(self, connection: Connection) -> None:
        """Take what came, and decide."""
        try:
            data = connection.sock.recv(RECV, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop(connection)
        elif connection.phase is not Phase.LINGER:
            connection.buffer += data
            self.buffered += len(data)
            self.advance(connection)

    def advance(self, connection: Connection) -> None:
        """Decide what comes next, now that there are more bytes."""
        if connection.phase is Phase.BODY:
            self.collect_body(connection)
            return
        state = connection.head()
        if state is Head.TOO_LARGE:
            self.refuse(connection, 431)
        elif state is Head.COMPLETE:
            self.check_head(connection)
        elif self.buffered > BUFFERED_BYTES:
            self.refuse(connection, 503)
        elif connection.phase is not Phase.HEAD:
            self.wait_for(connection, Phase.HEAD)

    def check_head(self, connection: Connection) -> None:
        """Refuse what needs no thread to be refused, and wait for a small body."""
        length = connection.body_length()
        if length is None:
            self.refuse(connection, 411)
        elif self.limits.max_body and length > self.limits.max_body:
            self.refuse(connection, 413)
        elif length > SMALL_BODY or connection.expects_continue():
            self.dispatch(connection)
        else:
            self.collect_body(connection)

    def collect_body(self, connection: Connection) -> None:
        length = connection.body_length() or 0
        if len(connection.buffer) - connection.body_at >= length or self.buffered > BUFFERED_BYTES:
            self.dispatch(connection)
        elif connection.phase is not Phase.BODY:
            self.wait_for(connection, Phase.BODY)

    def dispatch(self, connection: Connection) -> None:
        """Give the request to a thread."""
        self.leave_loop(connection)
        self.buffered -= len(connection.buffer)
        connection.take_place()
        self.threads.submit(connection, partial(self.run_request, connection))

    def finish(self, connection: Connection, keep: bool) -> None:
        """The thread is done with this request."""
        self.buffered += len(connection.buffer)
        self.guard(connection, partial(self.go_on, keep))

    def go_on(self, keep: bool, connection: Connection) -> None:
        """Close the connection, or wait for its next request."""
        if connection.sock.failed and connection.sock.answered:
            self.drop(connection, reset=True)
        elif not keep or connection.sock.failed:
            self.linger(connection)
        elif connection.buffer:
            self.wait_for(connection, Phase.HEAD)
            self.advance(connection)
        else:
            self.wait_for(connection, Phase.IDLE)

    def refuse(self, connection: Connection, status: int) -> None:
        """Answer without a thread; who does not take so few bytes goes without."""
        self.log.debug("Refused with %s", status)
        try:
            connection.sock.send_now(refusal(status))
        except OSError:
            self.drop(connection)
        else:
            self.linger(connection)

    def linger(self, connection: Connection) -> None:
        """Close our side; the client's goes on being read for a while, or its system would throw away the answer."""
        self.forget_buffer(connection)
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.drop(connection)
        else:
            self.wait_for(connection, Phase.LINGER)

    def drop(self, connection: Connection, reset: bool = False) -> None:
        """Close it; with `reset` the client learns it even if it reads nothing, and what was not sent is forgotten."""
        self.leave_loop(connection)
        self.forget_buffer(connection)
        connection.sock.close(reset)
        self.waiting.closed(connection.group)
        self.nr_conns -= 1

    def forget_buffer(self, connection: Connection) -> None:
        self.buffered -= len(connection.buffer)
        connection.clear()

    def leave_loop(self, connection: Connection) -> None:
        if connection.phase is not None:
            self.poller.unregister(connection.sock)
            self.waiting.take(connection)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """One round of gunicorn's loop."""
        super().wait_for_and_dispatch_events(timeout=min(timeout, self.waiting.until_next()))
        if not self.alive:
            self.waiting.cap(time.monotonic() + STOP_SECONDS)
        for connection in self.waiting.expired():
            if connection.phase is Phase.BODY:
                self.dispatch(connection)
            elif connection.phase is Phase.HEAD and connection.buffer:
                self.refuse(connection, 408)
            elif self.alive and connection.sock.still_taking():
                self.wait_for(connection, connection.phase or Phase.LINGER)
            else:
                self.drop(connection, reset=self.alive)

    def run_request(self, connection: Connection) -> None:
        """Answer the request whose head is there, in a thread, and say `finish` to the loop."""
        raise NotImplementedError


def set_options(listener: Any) -> None:
    """Have clients of the same machine acknowledge in small steps, as others do (TCP_MAXSEG).

    Loopback's segments are 64 KiB, and a window opens by a segment at a time: a client that reads 1 KB/s would look
    for a minute as if it read nothing.
    """
    if listener.family in (socket.AF_INET, socket.AF_INET6) and hasattr(socket, "TCP_MAXSEG"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit both
