"""Stored files that no row names: left when a run was killed between storing and committing. Removed after a day."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from uuid import UUID

import structlog
from django.core.files.storage import storages
from django.db.models import Q, QuerySet
from django.utils import timezone

from media_assets import identity
from media_assets.models import MediaAsset

ROOT = "media"
EVERY = 3600.0
AGE = timedelta(days=1)
FOLDERS_AT_ONCE = 1000
FEW = 20
"""So many may be all that there is; if more are most of what there is, the database is not the one of these files."""
KEYS = [column.name for column in MediaAsset._meta.fields if column.name.endswith("key")]
"""The columns that name stored files; a new one is among them if it is called as they are."""
log = structlog.get_logger(__name__)


@dataclass
class Walk:
    """A look at every asset's folder, in parts."""

    folders: Iterator[str] = field(default_factory=lambda: iter(()))
    before: frozenset[str] = frozenset()
    """What had no name in the walk before: clocks jump and machines sleep, so one look at an age proves little."""
    nameless: set[str] = field(default_factory=set)
    begun: float = -EVERY
    over: bool = True


_walk = Walk()


def sweep(every: float = EVERY, age: timedelta = AGE) -> int:
    """Go on with the walk, or begin one if it is time; how many files were removed. Any number of sweepers may run."""
    global _walk
    identity.check()
    now = time.monotonic()
    if _walk.over:
        if now - _walk.begun < every:
            return 0
        _walk = Walk(folders(), frozenset(_walk.nameless), begun=now, over=False)
    part = list(islice(_walk.folders, FOLDERS_AT_ONCE))
    _walk.over = len(part) < FOLDERS_AT_ONCE
    old = set(old_files(part, age))
    found = old - named(MediaAsset.objects.filter(pk__in=ids(part)))
    if len(found) > max(FEW, len(old) / 2) or (found and not MediaAsset.objects.exists()):
        log.error("Most stored files have no row: is this their database? None is removed", files=len(found))
        return 0
    _walk.nameless |= found
    return remove(found & _walk.before)


def folders() -> Iterator[str]:
    """Every asset's folder: media/<owner>/<asset>."""
    for owner in listed(ROOT)[0]:
        for asset in listed(f"{ROOT}/{owner}")[0]:
            yield f"{ROOT}/{owner}/{asset}"


def old_files(part: Iterable[str], age: timedelta) -> Iterator[str]:
    """The files in these folders that were written so long ago that whoever wrote them must have said so by now."""
    media, late = storages["media"], timezone.now() - age
    for folder in part:
        for name in listed(folder)[1]:
            with suppress(FileNotFoundError):
                if media.get_modified_time(f"{folder}/{name}") < late:
                    yield f"{folder}/{name}"


def listed(folder: str) -> tuple[list[str], list[str]]:
    """Folders and files in it; none of what is gone."""
    try:
        return storages["media"].listdir(folder)
    except FileNotFoundError:
        return [], []


def ids(part: Iterable[str]) -> Iterator[UUID]:
    """The assets that the folders are called after."""
    for folder in part:
        with suppress(ValueError):
            yield UUID(folder.rpartition("/")[2])


def named(assets: QuerySet[MediaAsset]) -> set[str]:
    """The names of their files; a deleted asset's are still its own."""
    return {name for names in assets.values_list(*KEYS) for name in names if name}


def remove(names: set[str]) -> int:
    """Delete these, but for those that a row of another asset names after all."""
    somewhere = Q()
    for key in KEYS:
        somewhere |= Q(**{f"{key}__in": names})
    gone = names - named(MediaAsset.objects.filter(somewhere)) if names else set()
    for name in sorted(gone):
        storages["media"].delete(name)
        log.warning("Removed a stored file that no row names", file=name)
    return len(gone)
