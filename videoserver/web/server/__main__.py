"""`python -m videoserver.web.server`: gunicorn with our worker. `manage.py web` becomes this process."""

from __future__ import annotations

import argparse
import importlib
import resource
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from gunicorn.app.base import BaseApplication

from videoserver.web.server.limits import Limits
from videoserver.web.server.worker import PatientWorker

HANDLES_BESIDE = 1024
"""Open files beside connections: a database connection and a file for each thread, logs, the storage."""


class Server(BaseApplication):  # type: ignore[misc]
    """One process: the limits on connections, waits and streams are counted in it."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.limits = limits_of(arguments)
        super().__init__()

    def load_config(self) -> None:
        """gunicorn's settings; none comes from its own environment variables or files."""
        settings = {
            "bind": self.arguments.bind,
            "workers": 1,
            "worker_class": f"{PatientWorker.__module__}.{PatientWorker.__qualname__}",
            "threads": self.arguments.threads,
            "worker_connections": self.limits.connections,
            "timeout": 120,
            "graceful_timeout": self.arguments.grace,
            "keepalive": 15,
            "control_socket_disable": True,
            "logger_class": self.arguments.logger_class,
            "http_parser": "python",
            # The application decides whom it believes (TRUSTED_PROXIES); the server believes nobody.
            "forwarded_allow_ips": "",
            "secure_scheme_headers": {},
            "forwarder_headers": "",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        module, _, name = self.arguments.application.partition(":")
        return getattr(importlib.import_module(module), name)


def limits_of(arguments: argparse.Namespace) -> Limits:
    """The limits, with no more connections than the system gives us handles for."""
    given = {name: getattr(arguments, name) for name in ("header_timeout", "rate_window", "transfers", "max_body")}
    limits = Limits(**given, trusted=tuple(ip_network(network) for network in arguments.trusted))
    most = allowed_handles(limits.connections + limits.transfers + HANDLES_BESIDE)
    connections = max(64, min(limits.connections, most - limits.transfers - HANDLES_BESIDE))
    return replace(
        limits,
        connections=connections,
        connections_per_address=max(1, connections // 4),
        transfers_per_address=max(1, limits.transfers // 2),
    )


def allowed_handles(wanted: int) -> int:
    """Raise the soft limit on open files as far as wanted and permitted; what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else soft


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m videoserver.web.server", description=__doc__)
    found.add_argument("application", help="module:name of the WSGI application")
    found.add_argument("--bind", default="127.0.0.1:8000")
    found.add_argument("--threads", type=int, default=16)
    found.add_argument("--logger-class", default="gunicorn.glogging.Logger")
    found.add_argument("--grace", type=int, default=10)
    found.add_argument("--header-timeout", type=float, default=Limits.header_timeout)
    found.add_argument("--rate-window", type=float, default=Limits.rate_window)
    found.add_argument("--transfers", type=int, default=Limits.transfers)
    found.add_argument("--max-body", type=int, default=Limits.max_body)
    found.add_argument("--trusted", action="append", default=[], help="a proxy's address or network")
    return found


if __name__ == "__main__":
    Server(parser().parse_args()).run()
