"""`manage.py worker`: the queues of this machine under one supervisor."""

import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from videoserver.management import before_work
from videoserver.management.service import ServiceCommand
from videoserver.settings import cluster_name
from videoserver.web import logs
from videoserver.work import here, process, supervisor


class Command(ServiceCommand):
    role = "worker supervisor"
    requires_system_checks: list[str] = []  # they would load every view and form that no worker needs
    help = "Serve the queues of this machine (WORKER_QUEUES, WORKERS processes each) until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--cluster", metavar="NAME", help="serve this queue, or this render cluster, alone")
        parser.add_argument("--parent", type=int, help="die when this parent process does")
        usual = supervisor.Clocks()
        parser.add_argument("--grace", type=float, default=usual.grace, metavar="S", help="how long a stop may take")
        parser.add_argument(
            "--reap-every", type=float, default=usual.reap_every, metavar="S", help="the reaper's round"
        )
        parser.add_argument(
            "--patience", type=float, default=usual.patience, metavar="S", help="how long a queue may be silent"
        )
        parser.add_argument(
            "--start-within", type=float, default=usual.start, metavar="S", help="how long a cluster may take to start"
        )

    def handle(self, *args: Any, cluster: str | None, parent: int | None, **options: Any) -> None:
        if parent:
            process.die_with_parent(parent)
        logs.identify(worker=here.worker())
        queues = [served(cluster)] if cluster else settings.WORKER_QUEUES
        before_work.check_schema()
        self.stdout.write(f"Serving {', '.join(queues)} with {settings.WORKERS} workers each. Stop with Ctrl-C.")
        clocks = supervisor.Clocks(
            options["grace"], options["reap_every"], options["patience"], options["start_within"]
        )
        sys.exit(supervisor.run(queues, clocks))


def served(cluster: str) -> str:
    """The queue that was asked for; the workers of a render cluster know it as that, also when no setting says so."""
    if cluster not in settings.QUEUES:
        try:
            name = cluster_name("--cluster", cluster)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        settings.RENDER_CLUSTER = settings.RENDER_CLUSTER or name
    return cluster
