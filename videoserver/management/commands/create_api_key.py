"""Make an API key for a user and print it once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from videoserver.access.models import ApiKey, default_scopes
from videoserver.web.permissions import SCOPES


class Command(BaseCommand):
    """create_api_key USERNAME [--name N] [--scope read --scope write …] [--expires DAYS]"""

    help = "Makes an API key for a user. Prints it once; it cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="which service uses it")
        parser.add_argument("--scope", action="append", choices=SCOPES, help="repeat it; read and write if not given")
        parser.add_argument("--expires", type=int, metavar="DAYS", help="it does not expire if not given")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = User.objects.filter(username=options["username"]).first()
        if owner is None:
            raise CommandError(f"There is no user {options['username']!r}. Make one with createsuperuser or the admin.")
        days = options["expires"]
        if days is not None and not 1 <= days <= 36500:
            raise CommandError("--expires must be a number of days from 1 to 36500.")
        try:
            key, text = ApiKey.objects.issue(
                owner,
                options["name"],
                list(dict.fromkeys(options["scope"] or default_scopes())),
                timezone.now() + timedelta(days=days) if days else None,
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        # The key alone goes to stdout, so that a script can take it from there.
        self.stderr.write(f"Key of {owner.username} with {', '.join(key.scopes)}. It is shown this once:")
        self.stdout.write(text)
