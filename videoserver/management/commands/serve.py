"""`manage.py serve`: web server and worker together, for one machine."""

from __future__ import annotations

import secrets
import signal
import socket
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError

from videoserver import health
from videoserver.management import before_work, processes
from videoserver.management.service import ServiceCommand


class Command(ServiceCommand):
    role = "serve"
    help = "Migrate, then run web server and worker together until Ctrl-C or SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        before_work.check_agreement()
        password = first_admin()
        asked_to_stop: list[int] = []

        def ask(number: int, frame: FrameType | None) -> None:
            asked_to_stop.append(number)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, ask)
        children = {name: processes.start(name) for name in ("web", "worker")}
        try:
            self.announce(password)
            told = False
            while not asked_to_stop:
                for name, child in children.items():
                    if child.poll() is not None:
                        raise CommandError(f"The {name} ended with code {child.returncode}; its log says why.")
                if not told and ready():
                    told = True
                    self.stdout.write(self.style.SUCCESS("Ready."))
                time.sleep(0.2)
            self.stdout.write("Stopping …")
        finally:
            processes.stop(list(children.values()))

    def announce(self, password: str | None) -> None:
        self.stdout.write(f"videoserver at {settings.PUBLIC_URL}/")
        self.stdout.write(f"  admin     {settings.PUBLIC_URL}/admin/")
        self.stdout.write(f"  API docs  {settings.PUBLIC_URL}/api/docs/")
        if password:
            self.stdout.write(f"  log in as admin with the password {password} (shown only now)")


def first_admin() -> str | None:
    """On the first start make a superuser and return its password; None when there is one."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    users.create_superuser(username="admin", email="", password=password)
    return password


def ready() -> bool:
    """The web server listens, and everything that a render needs answers."""
    try:
        socket.create_connection(("127.0.0.1", settings.PORT), timeout=2).close()
    except OSError:
        return False
    return bool(health.report()["status"] == "ok")
