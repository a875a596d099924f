"""gunicorn's threaded worker, where a request that waits for its client holds nobody up."""

from __future__ import annotations

import errno
from datetime import datetime
from functools import partial
from typing import Any

from gunicorn.http import wsgi
from gunicorn.http.errors import NoMoreData

from videoserver.web.server.answer import Answer
from videoserver.web.server.client_socket import TooSlow
from videoserver.web.server.connection import Connection
from videoserver.web.server.event_loop import EventLoopWorker
from videoserver.web.server.refusals import refusal
from videoserver.web.server.threads import NoRoom, Threads

LATE = 1.0
"""Seconds in the queue, after which a request is answered only if its client is still there."""


class PatientWorker(EventLoopWorker):
    """What happens to a request in its thread."""

    def get_thread_pool(self) -> Any:
        """Ours is made when the application is loaded; gunicorn shuts this one down at the end."""
        self.threads = Threads(self.cfg.threads, self.limits, lambda: getattr(self.wsgi, "release", _nothing)())
        return self.threads

    def run_request(self, connection: Connection) -> None:
        """Answer the request whose head is there; the loop goes on with the connection."""
        keep = False
        try:
            # Under overload most would otherwise be answered after their clients gave up, and nobody in time.
            if connection.waited() < LATE or not connection.sock.has_left():
                keep = self.handle(connection)
        finally:
            self.threads.leave(connection)
            self.method_queue.defer(self.finish, connection, keep)

    def handle(self, connection: Connection) -> bool:
        """Whether the connection may be used again."""
        request: Any = None
        try:
            request = connection.next_request(self.cfg)
            connection.sock.on_wait = partial(self.threads.to_transfers, connection)
            return self.handle_request(request, connection) and connection.can_go_on(request)
        except (NoMoreData, StopIteration) as error:
            self.log.debug("The client has left: %s", error)
        except (TooSlow, NoRoom) as error:
            self.say_why(connection, 408 if isinstance(error, TooSlow) else 503)
        except OSError as error:
            if error.errno in (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF):
                self.log.debug("The client has left: %s", error)
            else:
                self.log.exception("Socket error processing request.")
        except Exception as error:  # noqa: BLE001 - gunicorn's own way: a bad request is answered, ours is logged
            self.handle_error(request, connection.sock, connection.client, error)
        return False

    def handle_request(self, request: Any, connection: Connection) -> bool:
        """Call the application and send its answer. Whether the connection may be used again."""
        began = datetime.now()  # noqa: DTZ005 - gunicorn's access log takes the difference
        answer, environ = wsgi.create(
            request, connection.sock, connection.client, connection.server, self.cfg, response_class=Answer
        )
        environ["wsgi.multithread"] = True
        environ["videoserver.to_transfers"] = partial(self.may_wait, connection)
        environ["videoserver.client_has_left"] = connection.sock.has_left
        if not self.alive:
            answer.force_close()
        content = self.wsgi(environ, answer.start_response)
        try:
            if connection.sock.failed:  # the application made something of a body that never came
                raise connection.sock.failed
            if not connection.has_body(request):  # nobody wants the rest
                answer.force_close()
            if answer.is_whole(content):
                # While the client takes its time only the bytes stay, and not the objects that they were made from.
                body = [b"".join(content)]
                content.close()
                content = body
            if answer.is_transfer:
                self.threads.to_transfers(connection, len(content[0]) if isinstance(content, list) else 0)
            answer.send(content)
        except Exception:
            if answer.headers_sent:
                answer.force_close()
            raise
        finally:
            try:
                self.log.access(answer, request, environ, datetime.now() - began)  # noqa: DTZ005
            finally:
                if hasattr(content, "close"):
                    content.close()
        return not answer.should_close()

    def may_wait(self, connection: Connection) -> bool:
        """For an application that will wait for something: leave the quick seat. False when there is no room."""
        try:
            self.threads.to_transfers(connection)
        except NoRoom:
            return False
        return True

    def say_why(self, connection: Connection, status: int) -> None:
        """Tell a client that was too slow, or came at a bad time, unless its answer has begun."""
        self.log.info("A connection was cut with %s: too slow, or too many at once", status)
        if not connection.sock.answered:
            try:
                connection.sock.send_now(refusal(status))
            except OSError as error:
                self.log.debug("The client has left: %s", error)


def _nothing() -> None:
    """What an application without `release` holds."""
