"""`manage.py adopt_secret_key`: SECRET_KEY was changed on purpose."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from videoserver.work import agreement


class Command(BaseCommand):
    help = "Have the SECRET_KEY that is set here be the one of this database. Processes with another one stop working."

    def handle(self, *args: Any, **options: Any) -> None:
        agreement.change(agreement.SECRET, agreement.fingerprint())
        self.stdout.write("The SECRET_KEY that is set here is the one of the database.")
