"""Write one frame of a film as a JPEG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from rendering.management.film_command import FilmCommand
from rendering.workflow import film
from rendering.workflow.document import Document
from rendering.workflow.film import AssetFile


class Command(FilmCommand):
    help = "Write one frame of a storyboard document as a JPEG."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--at", type=float, required=True, metavar="SECONDS", help="the time in the film")

    def make(self, document: Document, files: dict[str, AssetFile], workspace: Path, options: dict[str, Any]) -> str:
        if not options["at"] >= 0:
            raise CommandError("--at must be 0 or more seconds.")
        output: Path = options["output"].absolute()
        film.still(document, files, options["at"], output, moviepy_layers=settings.MOVIEPY_LAYERS)
        return f"{options['output']}: {output.stat().st_size} bytes"
