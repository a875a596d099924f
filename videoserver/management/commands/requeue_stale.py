"""`manage.py requeue_stale`: one round of the reaper, or one every so many seconds."""

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections, transaction
from django.db.models import Q

from videoserver.management import before_work
from videoserver.work import ages, recover
from videoserver.work.rows import untouched


class Command(BaseCommand):
    help = (
        "Move on every row of work that nobody looks after: lapsed leases, lost bells, due retries, passed deadlines."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be moved, and move nothing")
        parser.add_argument(
            "--older-than",
            type=ages.seconds,
            metavar="AGE",
            help=f"only what nobody has held, rung for or written to for that long; {ages.HELP}",
        )
        parser.add_argument("--loop", type=float, metavar="S", help="again every S seconds, until stopped")

    def handle(self, *args: Any, dry_run: bool, older_than: float | None, loop: float | None, **options: Any) -> None:
        before_work.check_agreement()  # its bells are signed with SECRET_KEY
        only = recover.ALL if older_than is None else untouched(older_than)
        while True:
            said = rehearsal(only) if dry_run else one_round(only)
            self.stdout.write(f"Nothing is changed; it would be: {said}" if dry_run else said)
            if loop is None:
                return
            close_old_connections()
            time.sleep(loop)


def one_round(only: Q) -> str:
    """Do it; how many rows of each kind that were."""
    released = recover.release_dead(only=only)
    return f"{released} released from dead workers, {recover.reap(only=only)}"


def rehearsal(only: Q) -> str:
    """The same in a transaction that is taken back: bells ring, and lines are logged, after a commit alone."""
    with transaction.atomic():
        said = one_round(only)
        transaction.set_rollback(True)
    return said
