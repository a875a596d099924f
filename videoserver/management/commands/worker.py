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
        parser.add_argument(
            "--grace", type=float, default=supervisor.GRACE, help="seconds a stop may take (%(default)s)"
        )
        parser.add_argument(
            "--reap-every", type=float, default=supervisor.REAP_EVERY, help="seconds between two rounds of the reaper"
        )

    def handle(
        self, *args: Any, cluster: str | None, parent: int | None, grace: float, reap_every: float, **options: Any
    ) -> None:
        if parent:
            process.die_with_parent(parent)
        queues = [cluster] if cluster else settings.WORKER_QUEUES
        self.stdout.write(f"Serving {', '.join(queues)} with {settings.WORKERS} workers each. Stop with Ctrl-C.")
        sys.exit(supervisor.run(queues, grace=grace, reap_every=reap_every))
