"""Rendered segments by content hash, in a folder: written once, verified on every read. No rows, no Django."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from pathlib import Path

from rendering.engine.launch import SegmentFile
from rendering.exceptions import SegmentLost

KEY = re.compile("[0-9a-f]{64}")


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
        try:
            facts = json.loads(path.with_suffix(".json").read_bytes())
            found = SegmentFile(path, facts["sha256"], facts["size"], facts["frames"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            self.remove(key)
            return None
        if not whole(found):
            self.remove(key)
            return None
        os.utime(path.with_suffix(".json"))  # what is in use is not swept
        return found

    def require(self, key: str) -> SegmentFile:
        """The segment, which was there a moment ago. Raises SegmentLost."""
        found = self.find(key)
        if found is None:
            raise SegmentLost()
        return found

    def put(self, key: str, file: SegmentFile) -> SegmentFile:
        """Keep a rendered segment. When another run was first, and its file is whole, that one stays."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{key}.{uuid.uuid4().hex}")
        kept = SegmentFile(path, file.sha256, file.size, file.frames)
        try:
            shutil.copyfile(file.path, temporary)
            synced(temporary)
            try:
                os.link(temporary, path)
            except FileExistsError:
                if first := self.find(key):
                    return first
                temporary.replace(path)
            facts = {"sha256": kept.sha256, "size": kept.size, "frames": kept.frames}
            temporary.unlink(missing_ok=True)
            temporary.write_text(json.dumps(facts))
            synced(temporary)
            temporary.replace(path.with_suffix(".json"))
        finally:
            temporary.unlink(missing_ok=True)
        return kept

    def remove(self, key: str) -> None:
        """Forget a segment; its description first, so that nobody trusts the file that still lies there."""
        path = self.path(key)
        path.with_suffix(".json").unlink(missing_ok=True)
        path.unlink(missing_ok=True)


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
