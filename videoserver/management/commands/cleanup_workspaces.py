"""`manage.py cleanup_workspaces`: remove the scratch folders that dead processes left."""

from typing import Any

from django.core.management.base import BaseCommand

from videoserver.work import ages, workspace


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = (
        "Remove the workspaces of processes that are dead, and those of other machines that are older than "
        "WORKSPACE_MAX_AGE. Never one that is in use; may run at any time, twice at once."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
        parser.add_argument(
            "--older-than", type=ages.seconds, metavar="AGE", help=f"instead of the setting; {ages.HELP}"
        )

    def handle(self, *args: Any, dry_run: bool, older_than: float | None, **options: Any) -> None:
        removed = total = failed = 0
        for folder in workspace.stale(older_than):
            count = workspace.weight(folder)
            self.stdout.write(f"{folder.name}: {ages.size(count)}")
            if dry_run or workspace.remove(folder):
                removed, total = removed + 1, total + count
            else:
                failed += folder.exists()
        verb = "would be removed" if dry_run else "removed"
        self.stdout.write(f"{removed} workspaces {verb}, {ages.size(total)}; {failed} could not be.")
        left = workspace.census()
        self.stdout.write(
            f"{left.count} are there now, {ages.size(left.bytes)}; the oldest is {left.oldest:.0f} s old."
        )
