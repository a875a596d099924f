"""`manage.py serve`: web server and worker together, for one machine."""

from __future__ import annotations

import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError

from videoserver.management import before_work, processes, readiness
from videoserver.management.service import ServiceCommand

READY = "Ready."
PATIENCE = 15.0
"""Seconds until it is said what is missing: a start takes five."""


class Command(ServiceCommand):
    role = "serve"
    help = "Migrate, then run web server and worker together until Ctrl-C or SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        readiness.require_free_port()
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
            self.begun, self.told = time.monotonic(), ""
            while not asked_to_stop:
                require_alive(children)
                if self.told != READY:
                    self.tell(readiness.missing(**children))
                time.sleep(0.2)
            self.stdout.write("Stopping …")
        finally:
            processes.stop(list(children.values()))

    def tell(self, missing: str) -> None:
        """That all is there; or, once a start has had its time, what is not, each time that it is something else."""
        if not missing:
            self.told = READY
            self.stdout.write(self.style.SUCCESS(READY))
        elif missing != self.told and time.monotonic() - self.begun > PATIENCE:
            self.told = missing
            self.stdout.write(f"Not ready: {missing}.")

    def announce(self, password: str | None) -> None:
        self.stdout.write(f"videoserver at {settings.PUBLIC_URL}/")
        self.stdout.write(f"  admin     {settings.PUBLIC_URL}/admin/")
        self.stdout.write(f"  API docs  {settings.PUBLIC_URL}/api/docs/")
        if password:
            self.stdout.write(f"  log in as admin with the password {password} (shown only now)")


def require_alive(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Raises CommandError when one of them has ended: the web server mostly because another one has its port."""
    for name, child in children.items():
        if child.poll() is not None:
            if name == "web":
                readiness.require_free_port(patience=0)
            raise CommandError(f"The {name} ended with code {child.returncode}; its log says why.")


def first_admin() -> str | None:
    """On the first start make a superuser and return its password; None when there is one."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    users.create_superuser(username="admin", email="", password=password)
    return password
