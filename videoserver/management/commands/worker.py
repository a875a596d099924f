"""`manage.py worker`: the queues of this machine under one supervisor."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from videoserver.work import process, supervisor


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # they would load every view and form that no worker needs
    help = "Serve the queues of this machine (WORKER_QUEUES, WORKERS processes each) until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--cluster", metavar="NAME", help="serve this queue alone")
        parser.add_argument("--parent", type=int, help="die when this parent process does")
        usual = supervisor.Clocks()
        parser.add_argument("--grace", type=float, default=usual.grace, metavar="S", help="how long a stop may take")
        parser.add_argument(
            "--reap-every", type=float, default=usual.reap_every, metavar="S", help="the reaper's round"
        )
        parser.add_argument(
            "--patience", type=float, default=usual.patience, metavar="S", help="how long a queue may be silent"
        )

    def handle(self, *args: Any, cluster: str | None, parent: int | None, **options: Any) -> None:
        if parent:
            process.die_with_parent(parent)
        queues = [cluster] if cluster else settings.WORKER_QUEUES
        self.stdout.write(f"Serving {', '.join(queues)} with {settings.WORKERS} workers each. Stop with Ctrl-C.")
        clocks = supervisor.Clocks(options["grace"], options["reap_every"], options["patience"])
        sys.exit(supervisor.run(queues, clocks))
