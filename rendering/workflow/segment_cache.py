"""Rendered segments by content hash, in a folder: written once, verified on every read. No rows, no Django."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rendering.engine.launch import SegmentFile
from rendering.exceptions import SegmentLost

KEY = re.compile("[0-9a-f]{64}")
SPARED_SECONDS = 3600.0
"""What was used so lately stays, and what is being written is older than this only when its writer has died."""


class SegmentCache:
    """A folder of `<2 hex>/<key>.mp4`, each with a `.json` beside it that says what its bytes must be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError(f"A segment's key is 64 hex digits, not {key!r}.")
        return self.folder / key[:2] / f"{key}.mp4"

    def find(self, key: str) -> SegmentFile | None:
        """The segment, if it is there and whole; what is damaged is removed and counts as not there."""
        path = self.path(key)
        found = described(path)
        if found is None and (path.exists() or path.with_suffix(".json").exists()):
            with locked(path.parent):
                found = described(path)  # it may just have been written
                if found is None:
                    path.with_suffix(".json").unlink(missing_ok=True)
                    path.unlink(missing_ok=True)
        if found is not None:
            with contextlib.suppress(FileNotFoundError):
                os.utime(path.with_suffix(".json"))  # what is in use is not swept
        return found

    def require(self, key: str) -> SegmentFile:
        """The segment, which was there a moment ago. Raises SegmentLost."""
        found = self.find(key)
        if found is None:
            raise SegmentLost()
        return found

    def put(self, key: str, file: SegmentFile, **more: float | None) -> SegmentFile:
        """Keep a rendered segment, with `more` to be told. When another run was first, and its file is whole, that
        one stays."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        film, facts = (path.with_name(f".{key}.{uuid.uuid4().hex}.{part}") for part in ("mp4", "json"))
        try:
            shutil.copyfile(file.path, film)
            synced(film)
            kept: dict[str, Any] = {
                "sha256": file.sha256,
                "size": file.size,
                "frames": file.frames,
                "warnings": file.warnings,
            }
            kept |= more
            facts.write_text(json.dumps(kept))
            synced(facts)
            with locked(path.parent):
                if first := described(path):
                    return first
                film.replace(path)
                facts.replace(path.with_suffix(".json"))
        finally:
            film.unlink(missing_ok=True)
            facts.unlink(missing_ok=True)
        return replace(file, path=path)

    def trim(self, most_bytes: int, spared_seconds: float = SPARED_SECONDS) -> int:
        """Remove segments that nobody used for longest until the rest fits; how many that were.

        What was used a moment ago stays whatever the limit says: a job that waits for its join still needs it.
        """
        return sum(self.remove(use) for use in self.beyond(most_bytes, spared_seconds))

    def beyond(self, most_bytes: int, spared_seconds: float = SPARED_SECONDS) -> Iterator[Use]:
        """What must go so that the rest fits, the longest unused first."""
        kept = sorted(self.used(), key=lambda use: use.at)
        total = sum(use.size for use in kept)
        for use in kept:
            if total <= most_bytes or use.at > time.time() - spared_seconds:
                break
            total -= use.size
            yield use

    def unused(self, seconds: float) -> Iterator[Use]:
        """What nobody used for so long."""
        return (use for use in self.used() if use.at <= time.time() - seconds)

    def unfinished(self, seconds: float = SPARED_SECONDS) -> Iterator[Use]:
        """What writers that died half-way left."""
        for path in self.folder.glob("[0-9a-f][0-9a-f]/.*"):
            with contextlib.suppress(FileNotFoundError):
                use = Use(path, path.stat().st_size, path.stat().st_mtime)
                if use.at <= time.time() - seconds:
                    yield use

    def remove(self, use: Use) -> bool:
        """Take it out, unless somebody used it since it was looked at."""
        if use.path.name.startswith("."):
            use.path.unlink(missing_ok=True)
            return True
        with locked(use.path.parent):
            if changed(use):  # somebody needs it after all
                return False
            use.path.with_suffix(".json").unlink(missing_ok=True)
            use.path.unlink(missing_ok=True)
        return True

    def used(self) -> Iterator[Use]:
        """Every segment with its size and when it was last used."""
        for facts in self.folder.glob("[0-9a-f][0-9a-f]/*.json"):
            path = facts.with_suffix(".mp4")
            with contextlib.suppress(FileNotFoundError):
                yield Use(path, path.stat().st_size, facts.stat().st_mtime)


@dataclass(frozen=True)
class Use:
    path: Path
    size: int
    at: float


def changed(use: Use) -> bool:
    """Whether a segment was used, or removed, since it was looked at."""
    try:
        return use.path.with_suffix(".json").stat().st_mtime != use.at
    except FileNotFoundError:
        return True


def described(path: Path) -> SegmentFile | None:
    """The segment, if its description is there and its bytes are those that it names."""
    try:
        facts = json.loads(path.with_suffix(".json").read_bytes())
        warnings = tuple((place, sentence) for place, sentence in facts["warnings"])
        found = SegmentFile(path, facts["sha256"], facts["size"], facts["frames"], warnings)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return found if whole(found) else None


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One writer at a time, also among processes: a film and its description change together."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def whole(file: SegmentFile) -> bool:
    """Whether the bytes are those that were written."""
    try:
        if file.path.stat().st_size != file.size:
            return False
        with file.path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest() == file.sha256
    except FileNotFoundError:
        return False


def synced(path: Path) -> None:
    """On the disk, not only in the system's memory."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
