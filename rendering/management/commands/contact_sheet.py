"""Draw all templates in all shapes on one picture, to look at."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rendering.video_templates import catalogue
from rendering.workflow import contact_sheet
from rendering.workflow.frame_size import ASPECT_RATIOS, QUALITIES
from videoserver.work.sandbox import ChildFailed
from videoserver.work.workspace import scratch


class Command(BaseCommand):
    help = "Draw templates in every aspect ratio with short, long and missing values, as one picture with labels."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", type=Path, required=True, help="the picture to write (.png or .jpg)")
        parser.add_argument("--template", action="append", help="only this template; may be given again")
        parser.add_argument("--ratio", action="append", choices=list(ASPECT_RATIOS), help="only this aspect ratio")
        parser.add_argument("--quality", default="480p", choices=list(QUALITIES), help="of the films it looks into")
        parser.add_argument("--color", default="#0b5fff", help="the brand's colour")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        try:
            chosen = [catalogue.get(name) for name in options["template"] or catalogue.names()]
        except catalogue.UnknownTemplate as error:
            raise CommandError(str(error)) from error
        look = contact_sheet.Look(
            quality=options["quality"],
            color=options["color"],
            moviepy_layers=settings.MOVIEPY_LAYERS,
        )
        try:
            with scratch("sheet") as folder:
                ratios = options["ratio"] or list(ASPECT_RATIOS)
                contact_sheet.draw(chosen, ratios, folder, look, self.tell).save(output)
        except ChildFailed as error:
            raise CommandError(f"{error.detail} ({error.code})") from error
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{output}: {len(chosen)} templates")

    def tell(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done}/{total}" + ("\n" if done == total else ""))
