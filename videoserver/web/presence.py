"""Whether the client is still there: whoever holds a thread for somebody asks now and then."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request


def client_check(request: Request | HttpRequest) -> Callable[[], bool]:
    """A function that says whether the client has left: our web server's own, else a look at gunicorn's socket. Of a
    server that shows neither nobody can know.

    A client that has shut down its sending side counts as gone, as it does for most proxies.
    """
    ours: Callable[[], bool] | None = request.META.get("videoserver.client_has_left")
    if ours is not None:
        return ours
    connection: Any = request.META.get("gunicorn.socket")
    if isinstance(connection, socket.socket):
        return lambda: has_left(connection)
    return lambda: False


def has_left(connection: socket.socket) -> bool:
    """Whether the other side has closed; what it sent in the meantime stays to be read."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except (BlockingIOError, InterruptedError):  # nothing to read: it waits
        return False
    except OSError:  # reset, or closed
        return True
