"""Render a document, from a file or from a row, to a checked MP4."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from rendering.management.film_command import FilmCommand
from rendering.workflow import film, plan
from rendering.workflow.document import Document
from rendering.workflow.film import AssetFile
from rendering.workflow.film_run import Progress
from rendering.workflow.frame_size import QUALITIES
from rendering.workflow.segment_cache import SegmentCache

BAR = 24


class Command(FilmCommand):
    help = "Render a storyboard document to a checked MP4. Exit 0: checked; 2: the document is bad; 1: anything else."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--quality", choices=list(QUALITIES), help="instead of the document's")
        parser.add_argument("--no-cache", action="store_true", help="neither read nor keep segments and sound")
        parser.add_argument("--accept-quality", action="store_true", help="keep a film that the quality gate refuses")
        parser.add_argument("--progress", action="store_true", help="draw a line of progress on stderr")

    def make(self, document: Document, files: dict[str, AssetFile], workspace: Path, options: dict[str, Any]) -> str:
        began = time.monotonic()
        made = film.render_film(
            document,
            files,
            options["output"].absolute(),
            workspace=workspace,
            cache=None if options["no_cache"] else cache(stored=options["storyboard"] is not None),
            quality=options["quality"],
            encoding=plan.encoding(settings.X264_PRESET, settings.X264_CRF),
            moviepy_layers=settings.MOVIEPY_LAYERS,
            stall=settings.RENDER_TIMEOUT,
            accept_quality=options["accept_quality"],
            on_progress=draw if options["progress"] else None,
        )
        if options["progress"]:
            sys.stderr.write("\n")
        for warning in made.warnings:
            self.stderr.write(f"Warning: {warning}.")
        return (
            f"{options['output']}: {made.width}×{made.height}, {made.duration:.2f} s, {made.frames} frames, "
            f"{made.size} bytes, {made.cached} of {made.segments} segments from the cache, "
            f"{time.monotonic() - began:.1f} s"
        )


def cache(*, stored: bool) -> SegmentCache:
    """The folder; with a row at hand also what other machines have put into the storage."""
    if not stored:
        return SegmentCache(settings.SEGMENTS_DIR)
    from rendering.workflow.shared_cache import SharedCache

    return SharedCache(settings.SEGMENTS_DIR)


def draw(progress: Progress) -> None:
    """One line, drawn over itself."""
    full = round(BAR * progress.fraction)
    bar = "█" * full + "░" * (BAR - full)
    scenes = f"{progress.scenes_completed}/{progress.scenes_total} scenes"
    sys.stderr.write(f"\r{bar} {100 * progress.fraction:3.0f} %  {scenes}  {progress.stage:<10}")
    sys.stderr.flush()
