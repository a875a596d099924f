"""`manage.py web`: the web server alone."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command

from videoserver.management import before_work
from videoserver.management.service import ServiceCommand
from videoserver.work import process


class Command(ServiceCommand):
    role = "web"
    help = "Serve HTTP with gunicorn: one process, WEB_THREADS threads."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument("--parent", type=int, help="die when this parent process does")

    def handle(self, *args: Any, host: str, port: int, parent: int | None, **options: Any) -> None:
        before_work.check_schema()
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        if parent:
            process.die_with_parent(parent)  # it outlives the exec below
        command = [sys.executable, "-m", "gunicorn", "videoserver.wsgi:application", "--bind", f"{host}:{port}"]
        # One process: the caps on waits and streams are counted in it.
        command += ["--worker-class", "gthread", "--workers", "1", "--threads", str(settings.WEB_THREADS)]
        command += ["--timeout", "120", "--graceful-timeout", "10", "--keep-alive", "15", "--no-control-socket"]
        command += ["--logger-class", "videoserver.web.gunicorn_log.Logger"]
        os.execv(sys.executable, command)  # noqa: S606 - no shell; the arguments are ours
