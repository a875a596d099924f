"""`manage.py migrate`: Django's own, which says at its end whether the database fits this version."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import DEFAULT_DB_ALIAS

from videoserver import schema_fit


class Command(DjangoMigrate):
    """Applied migrations prove nothing about tables that were changed by other means."""

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        partial = any(options.get(name) for name in ("app_label", "plan", "check_unapplied", "prune"))
        if partial or options["database"] != DEFAULT_DB_ALIAS:
            return
        try:
            schema_fit.check(kept=0)
        except schema_fit.Unfit as unfit:
            raise CommandError(f"{unfit.sentence} {unfit.cure}") from unfit
