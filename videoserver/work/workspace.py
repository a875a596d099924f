"""Scratch folders: one for each run, removed whatever happens, and never anything else."""

import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from videoserver.work import process

logger = logging.getLogger(__name__)

OWNER = ".owner"
ABANDONED = ".abandoned"
"""In a folder that its own run could not remove: the next sweep tries again, although its process lives."""
NEWBORN = 10.0
"""Seconds in which whoever made a folder will have written its name into it."""


@dataclass(frozen=True)
class Census:
    """All workspaces there are. Bytes; seconds since the oldest was last written to."""

    count: int
    bytes: int
    oldest: float
    failures: int
    """How often one could not be removed, by whatever process of this disk, ever."""


@contextmanager
def open(name: str, row: Any) -> Iterator[Path]:
    """A new, empty folder for this run of the row; it is gone when the block ends, however it ends."""
    with _new(f"{called(name)}_{row.pk}_{row.fence}", logging.INFO) as folder:
        yield folder


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """The same for what is no row's run: a still, a clip, a film on the command line."""
    with _new(called(name), logging.DEBUG) as folder:
        yield folder


def called(name: str) -> str:
    """The name as a part of a file's."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-") or "run"


def root() -> Path:
    """Where all workspaces are."""
    return Path(settings.WORKSPACES_DIR).resolve()


def remove(folder: Path, level: int = logging.INFO) -> bool:
    """Remove a workspace with all that is in it. Anything that is not one is left alone, with a warning."""
    if folder.name in {"", ".", ".."} or folder.parent.resolve() != root() or folder.is_symlink():
        _tell_failure(folder, f"it is no folder of {root()}")
        return False
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return False
    except OSError as error:
        _tell_failure(folder, str(error))
        _abandon(folder)
        return False
    logger.log(level, "Cleaned up temp directory: %s", folder)
    return True


def stale(max_age: float | None = None) -> Iterator[Path]:
    """Workspaces whose process is dead; where that can't be seen from here, those that are too old."""
    most = settings.WORKSPACE_MAX_AGE if max_age is None else max_age
    if not root().is_dir():
        return
    for folder in sorted(root().iterdir()):
        if folder.is_symlink() or not folder.is_dir():
            continue
        patience = most
        try:
            lives = not (folder / ABANDONED).exists() and process.alive((folder / OWNER).read_text())
        except OSError:
            # Just made, half removed, or not ours to read.
            lives, patience = None, max(most, NEWBORN)
        if lives is False or (lives is None and age(folder) > patience):
            yield folder


def sweep(max_age: float | None = None) -> int:
    """Remove what dead processes left; how many folders that were. Any number of sweepers may run."""
    return sum(remove(folder) for folder in stale(max_age))


def left() -> list[Path]:
    """Workspaces that should be gone: what could not be removed, and what was left longer ago than sweepers need."""
    return [folder for folder in stale() if age(folder) > settings.WORKSPACE_MAX_AGE or (folder / ABANDONED).exists()]


def census() -> Census:
    """What lies under the root now."""
    folders = [folder for folder in root().iterdir() if folder.is_dir()] if root().is_dir() else []
    ages = [age(folder) for folder in folders if folder.is_dir()]
    return Census(len(ages), sum(map(weight, folders)), max(ages, default=0.0), failures())


def failures() -> int:
    """How often a workspace could not be removed: outlives the processes that failed."""
    try:
        return _tally().stat().st_size
    except FileNotFoundError:
        return 0


def age(folder: Path) -> float:
    """Seconds since it was last written to; none for what is gone."""
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def weight(folder: Path) -> int:
    """Bytes of all files in it; what goes while it is counted weighs nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(place, name).lstat().st_size
    return total


@contextmanager
def _new(name: str, level: int) -> Iterator[Path]:
    folder = root() / f"{name}_{secrets.token_hex(4)}"
    folder.mkdir(parents=True, mode=0o700)
    try:
        (folder / OWNER).write_text(process.me())
        yield folder
    finally:
        remove(folder, level)


def _tell_failure(folder: Path, reason: str) -> None:
    logger.warning("Failed to cleanup temp path: %s", folder, extra={"reason": reason})


def _abandon(folder: Path) -> None:
    with suppress(OSError):  # what takes no mark is found when its process has ended
        (folder / ABANDONED).touch()
    # One byte each: appending needs no lock, and a year of failures is a small file. On a full disk the log has it.
    with suppress(OSError), _tally().open("ab") as tally:
        tally.write(b".")


def _tally() -> Path:
    return root().with_name(f"{root().name}.failures")
