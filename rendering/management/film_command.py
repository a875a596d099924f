"""What `render_storyboard` and `still` share: where the film comes from, and how an end is told."""

from __future__ import annotations

import signal
import sys
import uuid
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from media_assets.exceptions import MediaError
from rendering.exceptions import RenderingError
from rendering.video_templates.check import FieldError, OnError
from rendering.workflow import film_files
from rendering.workflow.document import Document
from rendering.workflow.film import AssetFile
from videoserver.work.sandbox import ChildFailed
from videoserver.work.workspace import scratch

BAD_DOCUMENT = 2


class FilmCommand(BaseCommand):
    """A command on a document: exit 2 with every error for a bad one, 1 with a sentence for other failures."""

    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("file", nargs="?", type=Path, metavar="FILE.json", help="a storyboard document")
        source.add_argument("--storyboard", type=uuid.UUID, metavar="UUID", help="a stored storyboard instead")
        parser.add_argument("--output", type=Path, required=True, help="the file to write")

    @abstractmethod
    def make(self, document: Document, files: dict[str, AssetFile], workspace: Path, options: dict[str, Any]) -> str:
        """Do the work; the sentence for its end."""

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        if not output.absolute().parent.is_dir():
            raise CommandError(f"There is no folder {output.absolute().parent}.")
        self.told = False
        try:
            with interrupted_by_sigterm(), scratch("film") as folder:
                document, files = self.source(options, folder)
                self.stdout.write(self.make(document, files, folder, options))
        except (RenderingError, MediaError, ChildFailed) as error:
            if errors := getattr(error, "errors", None):
                for each in () if self.told else errors:
                    self.tell(FieldError(**each))
                sys.exit(BAD_DOCUMENT)
            raise CommandError(f"{error.detail} ({error.code})") from error
        except OSError as error:
            raise CommandError(f"{error.strerror or error}: {error.filename or output}") from error
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=130) from None

    def tell(self, error: FieldError) -> None:
        """A line for each error when it is found: a bad document may have more of them than memory has room for."""
        self.told = True
        self.stderr.write(f"{error.pointer or '/'}: {error.detail}")

    def source(self, options: dict[str, Any], folder: Path) -> tuple[Document, dict[str, AssetFile]]:
        if options["storyboard"] is None:
            return film_files.from_file(options["file"], folder, self.tell)
        return stored(str(options["storyboard"]), folder, self.tell)


def stored(storyboard_id: str, folder: Path, on_error: OnError) -> tuple[Document, dict[str, AssetFile]]:
    """The film of a row; only here is the database's side of the house opened."""
    from rendering.models import Storyboard
    from rendering.workflow.film_stored import from_storyboard

    try:
        return from_storyboard(storyboard_id, folder, on_error)
    except Storyboard.DoesNotExist as error:
        raise CommandError(f"There is no storyboard {storyboard_id}.") from error


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """A polite kill ends it as Ctrl-C does: children gone, scratch folder removed."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
