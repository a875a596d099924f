"""`manage.py requeue_stale`: one round of the reaper, or one every so many seconds."""

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from videoserver.work import recover


class Command(BaseCommand):
    help = (
        "Move on every row of work that nobody looks after: lapsed leases, lost bells, due retries, passed deadlines."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--loop", type=float, metavar="S", help="again every S seconds, until stopped")

    def handle(self, *args: Any, loop: float | None, **options: Any) -> None:
        while True:
            released = recover.release_dead()
            self.stdout.write(f"{released} released from dead workers, {recover.reap()}")
            if loop is None:
                return
            close_old_connections()
            time.sleep(loop)
