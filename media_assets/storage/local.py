"""Files on a local disk that are either whole and on the platter, or not there."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

from media_assets.exceptions import StorageFailed, full_disk_named

CHUNK = 64 * 1024


class Span:
    """A run of bytes of one stored file, read in chunks from its own handle."""

    def __init__(self, handle: IO[bytes], first: int, length: int) -> None:
        self.handle, self.left = handle, length
        handle.seek(first)

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(CHUNK):
            yield chunk

    def read(self, size: int) -> bytes:
        """The next bytes of the run, at most so many; none at its end."""
        chunk = self.handle.read(min(size, self.left))
        if not chunk and self.left:
            raise StorageFailed("The stored file ended early.")
        self.left -= len(chunk)
        return chunk

    def fileno(self) -> int:
        """The open file, standing at the next byte: a server may send it from there without reading it."""
        return self.handle.fileno()

    def close(self) -> None:
        """Give the handle back; safe to call twice."""
        self.handle.close()


class LocalStorage(FileSystemStorage):
    """Write-once: a name is linked to its bytes when they are complete, and never to others."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself: keys are random, and one that is taken is refused."""
        return name

    def open_span(self, name: str, first: int, length: int) -> Span:
        """`length` bytes from `first` on. The file is opened now, so a missing one is told at once."""
        return Span(Path(self.path(name)).open("rb"), first, length)

    def _save(self, name: str, content: File[Any]) -> str:
        target = Path(self.path(name))
        unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            with full_disk_named():
                for made in _make_folders(target.parent):
                    _sync_folder(made.parent)
                _write(unfinished, content)
                os.link(unfinished, target)
                _sync_folder(target.parent)
        except OSError as error:
            if error.errno == errno.EEXIST:
                raise StorageFailed("The storage has another file under this key.") from error
            raise
        finally:
            unfinished.unlink(missing_ok=True)
        return name

    def delete(self, name: str) -> None:
        """Remove the file, and its folder when nothing else is in it."""
        super().delete(name)
        with suppress(OSError):
            Path(self.path(name)).parent.rmdir()


def _write(path: Path, content: File[Any]) -> None:
    with path.open("xb") as file:
        for chunk in content.chunks(1024 * 1024):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _make_folders(folder: Path) -> list[Path]:
    """Make the folder and those above it; say which are new."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _sync_folder(folder: Path) -> None:
    """A name is durable when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
