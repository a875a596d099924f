"""`manage.py web`: the web server alone."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command

from media_assets.api.upload_handler import ENVELOPE_BYTES
from videoserver.management import before_work
from videoserver.management.service import ServiceCommand
from videoserver.work import process


class Command(ServiceCommand):
    role = "web"
    help = "Serve HTTP: one process, WEB_THREADS threads for requests, further ones that wait for slow clients."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--parent", type=int, help="die when this parent process does")
        parser.add_argument("--header-timeout", type=float, default=10, help="seconds for a request's headers")
        parser.add_argument("--rate-window", type=float, default=30, help="seconds over which 1 KB/s is the least rate")
        parser.add_argument("--transfers", type=int, default=512, help="slow or long requests at once")

    def handle(self, *args: Any, host: str, port: int, parent: int | None, **options: Any) -> None:
        before_work.check_schema()
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        if parent:
            process.die_with_parent(parent)  # it outlives the exec below
        bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        command = [sys.executable, "-m", "videoserver.web.server", "videoserver.wsgi:application", "--bind", bind]
        command += ["--threads", str(settings.WEB_THREADS)]
        command += ["--logger-class", "videoserver.web.gunicorn_log.Logger"]
        command += ["--max-body", str(settings.MAX_UPLOAD_BYTES + ENVELOPE_BYTES)]
        for network in settings.TRUSTED_PROXIES:
            command += ["--trusted", str(network)]
        # glibc keeps freed memory for each of many threads; two places are enough for what runs at once.
        os.environ.setdefault("MALLOC_ARENA_MAX", "2")
        for name in ("header_timeout", "rate_window", "transfers"):
            command += [f"--{name.replace('_', '-')}", str(options[name])]
        os.execv(sys.executable, command)  # noqa: S606 - no shell; the arguments are ours
