"""A disk of a few megabytes that can be filled and emptied: a tmpfs, for which the process must be allowed to mount."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAGE = 4096
"""What the smallest file takes of it."""


class SmallDisk:
    """A mounted disk; `leave` fills it but for so many bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / ".filler"

    def leave(self, free: int) -> None:
        """Have exactly so much room on it, rounded down to pages."""
        self.empty()
        now = os.statvfs(self.folder)
        taken = (now.f_bavail * now.f_frsize - free) // PAGE * PAGE
        assert taken > 0, "the disk is smaller than that"
        with self._filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, taken)

    def empty(self) -> None:
        """Give all room back."""
        self._filler.unlink(missing_ok=True)


def may_mount() -> bool:
    """Whether this process can mount a disk: root can, in most containers only the root of a namespace of its own."""
    return _runs("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt")


def may_have_a_namespace() -> bool:
    """Whether this process can start one that may mount."""
    return _runs("unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt")


@contextmanager
def mounted(folder: Path, megabytes: int = 4) -> Iterator[SmallDisk]:
    """A new, empty disk in this folder."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: a warm child may still have a file open there.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _runs(*words: str) -> bool:
    return shutil.which(words[0]) is not None and subprocess.run(words, capture_output=True).returncode == 0
