"""`manage.py adopt_storage`: the storage that is set here is the right one for this database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from media_assets import identity
from media_assets.exceptions import StorageMismatch


class Command(BaseCommand):
    help = "Have the storage that is set here be the one of this database: after it was moved, or restored without it."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--anyway", action="store_true", help="also if it lacks files that the database names")

    def handle(self, *args: Any, anyway: bool, **options: Any) -> None:
        try:
            adopted = identity.adopt(anyway=anyway)
        except StorageMismatch as error:
            raise CommandError(f"{error.detail} Nothing is changed; --anyway takes it all the same.") from error
        self.stdout.write(f"This storage is the one of the database: {adopted[:8]}…")
