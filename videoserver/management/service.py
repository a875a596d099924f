"""The base of commands that run until they are stopped: each has a title, and with JSON logs writes nothing else."""

from __future__ import annotations

import sys

from django.conf import settings
from django.core.management.base import BaseCommand, OutputWrapper

from videoserver.web import streams
from videoserver.work import title


class ServiceCommand(BaseCommand):
    """What it says goes to the terminal, or with `LOG_FORMAT=json` into the log."""

    role: str
    """What the process is called."""

    def run_from_argv(self, argv: list[str]) -> None:
        """From the command line, where the whole process is the command's own."""
        title.take(self.role)
        if settings.LOG_FORMAT == "json":
            streams.take_over()
            self.stdout, self.stderr = OutputWrapper(sys.stdout), OutputWrapper(sys.stderr)
        super().run_from_argv(argv)
