"""Whether the processes that `serve` has started do their work: those, and not others of this machine."""

from __future__ import annotations

import errno
import socket
import subprocess
import time
from typing import Any

import psutil
from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, InterfaceError

from videoserver import health
from videoserver.work import canary, process

HOST = "127.0.0.1"
SECONDS = 2.0
PORT_PATIENCE = 5.0
"""A server that was just killed may have the port for a moment yet."""


def require_free_port(patience: float = PORT_PATIENCE) -> None:
    """Raises CommandError when another server has the port, with its name where the system tells it."""
    until = time.monotonic() + patience
    while trouble := binding():
        if trouble.errno != errno.EADDRINUSE:
            raise CommandError(f"Port {settings.PORT} cannot be used: {trouble.strerror}. Set PORT to another port.")
        if time.monotonic() > until:
            raise CommandError(
                f"Port {settings.PORT} belongs to another server{holder()}. Stop it, or set PORT to another port."
            )
        time.sleep(0.1)


def binding() -> OSError | None:
    """What happens to a web server that would listen on the port now; None if nothing does."""
    with socket.socket() as probe:
        # As a web server does: connections of the last one that still close are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, settings.PORT))
            probe.listen(1)
        except OSError as error:
            return error
    return None


def holder() -> str:
    """Who listens on the port, as far as it can be seen from here."""
    try:
        listening = [one for one in psutil.net_connections("tcp") if listens(one)]
        names = {f"{psutil.Process(one.pid).name()}, process {one.pid}" for one in listening if one.pid}
    except psutil.Error:
        return ""
    return f" ({', '.join(sorted(names))})" if names else ""


def listens(connection: Any) -> bool:
    return bool(connection.status == psutil.CONN_LISTEN and connection.laddr.port == settings.PORT)


def missing(web: subprocess.Popen[bytes], worker: subprocess.Popen[bytes]) -> str:
    """What is not there yet, in a sentence; empty when everything works."""
    if not web_answers(web):
        return "the web server does not answer yet"
    checks = health.report()["checks"]
    if wrong := [f"{name}: {check['detail'].rstrip('.')}" for name, check in checks.items() if not check["ok"]]:
        return "; ".join(wrong)
    try:
        served = canary.serving(process.name_of(worker.pid), [process.name_of(one.pid) for one in family(worker)])
    except (DatabaseError, InterfaceError):
        return "database: it does not answer"
    return "" if served else "the worker does not answer yet"


def web_answers(web: subprocess.Popen[bytes]) -> bool:
    """This web server listens on the port, and answers there."""
    try:
        if not any(listens(one) for each in family(web) for one in each.net_connections("tcp")):
            return False
    except psutil.Error:
        return False  # it is just ending
    try:
        with socket.create_connection((HOST, settings.PORT), timeout=SECONDS) as asking:
            # Any answer will do, also "400": it may know itself by other names than this address.
            asking.sendall(f"GET /health/live HTTP/1.0\r\nHost: {HOST}:{settings.PORT}\r\n\r\n".encode())
            return asking.recv(5) == b"HTTP/"
    except OSError:
        return False


def family(child: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The process and all that it has started."""
    try:
        parent = psutil.Process(child.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
