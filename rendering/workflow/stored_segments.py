"""Rendered segments in the storage, for machines that have another disk: put there, found, received, swept."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from django.core.files.storage import storages
from django.utils import timezone

from media_assets.exceptions import MediaError, StorageFull, full_disk_named
from media_assets.transfer import CHUNK, GoOn, beside, store
from rendering.engine import boxes
from rendering.engine.launch import SegmentFile
from rendering.models import Job, Segment
from videoserver.work import here
from videoserver.work.models import Worker
from videoserver.work.row import WorkState

logger = structlog.get_logger(__name__)

FOLDER = "segments"
TRIES = 2
GRACE = timedelta(hours=1)
"""How long they stay when their job has ended: a retry, or an order of the same scenes, finds them."""
NAMELESS = timedelta(days=1)
"""How old a file must be before it counts as forgotten by whoever stored it."""
FORGOTTEN_EVERY = 3600.0

OnEvent = Callable[[dict[str, Any]], None]


class Damaged(Exception):
    """What was received is not what was rendered; the sentence says how."""


def are_needed() -> bool:
    """Whether a job may be joined on another disk than this one; one machine alone never pays for bytes twice."""
    workers = set(Worker.objects.values_list("queue", "disk"))
    joiners = {disk for queue, disk in workers if queue == Job.QUEUE}
    return bool(workers) and joiners != {here.disk()}


def put(key: str, file: SegmentFile, on_event: OnEvent) -> str:
    """Store a segment under a name that was never used; the name."""
    name = f"{FOLDER}/{key}-{secrets.token_hex(8)}/segment.mp4"
    store(file.path, name, on_event)
    return name


@contextmanager
def shared(key: str, file: SegmentFile, on_event: OnEvent) -> Iterator[str]:
    """Its name in the storage, if it is needed there; taken out again when the row that names it can't be written."""
    name = put(key, file, on_event) if are_needed() else ""
    try:
        yield name
    except BaseException:
        if name:
            storages["media"].delete(name)
        raise


def known(keys: Iterable[str]) -> dict[str, Segment]:
    """Key → a segment of the same content that lies in the storage."""
    rows = Segment.objects.filter(key__in=set(keys), status=WorkState.COMPLETED).exclude(stored="")
    return {row.key: row for row in rows.defer("spec")}


def receive(row: Segment, folder: Path, on_event: OnEvent) -> SegmentFile | None:
    """The segment as a file in the folder, checked; None when that failed twice."""
    for number in range(TRIES):
        path = folder / f"{row.index}-received-{number}.mp4"
        try:
            copy(row, path, on_event)
            warnings = tuple((place, sentence) for place, sentence in row.warnings)
            return SegmentFile(path, row.sha256, row.size, row.frames, warnings)
        except StorageFull:
            raise  # the disk's fault, not the segment's
        except (Damaged, boxes.BrokenBoxes, MediaError, OSError) as error:
            logger.warning(f"Job {row.job_id}: Segment {row.index + 1} of render worker {row.rendered_by}: {error}")
            path.unlink(missing_ok=True)
    return None


@dataclass
class Received:
    """How far it is, where somebody asks from another thread."""

    chunks: int = 0
    size: int = 0


def copy(row: Segment, path: Path, on_event: OnEvent) -> None:
    """Receive in chunks, then look at length, hash and boxes. Raises Damaged, BrokenBoxes, MediaError, OSError."""
    so_far, digest = Received(), hashlib.sha256()

    def read(go_on: GoOn) -> None:
        with full_disk_named(), storages["media"].open(row.stored) as source, path.open("xb") as target:
            while (chunk := source.read(CHUNK)) and so_far.size <= row.size:
                go_on()
                target.write(chunk)
                digest.update(chunk)
                so_far.chunks += 1
                so_far.size += len(chunk)

    def tell(event: dict[str, Any]) -> None:
        on_event(event)
        if so_far.size < row.size:
            logger.info(f"Receiving from render worker {row.rendered_by}: {so_far.size} of {row.size} bytes")

    try:
        beside(read, tell)
    except (MediaError, OSError):
        logger.warning(
            f"Receiving from render worker broke off after {so_far.chunks} chunks, {so_far.size} of {row.size} bytes"
        )
        raise
    logger.info(f"Finished receiving from render worker: {so_far.chunks} chunks, {so_far.size} total bytes")
    if so_far.size != row.size:
        raise Damaged(f"{so_far.size} bytes came instead of {row.size}.")
    logger.info(f"Worker video size validation passed: {so_far.size} bytes")
    if digest.hexdigest() != row.sha256:
        raise Damaged(f"Other bytes came than were rendered: their sha256 is {digest.hexdigest()}, not {row.sha256}.")
    boxes.whole(path)


def sweep(grace: timedelta = GRACE) -> int:
    """Remove what no job needs any more; how many files that were. Any number of sweepers may run."""
    late = timezone.now() - grace
    stored = Segment.objects.exclude(stored="")
    used = stored.exclude(job__finished_at__lte=late).values_list("stored", flat=True)
    over = set(stored.filter(job__finished_at__lte=late).values_list("stored", flat=True)) - set(used)
    for name in over:
        # The rows first: nobody may find the file while it goes.
        Segment.objects.filter(stored=name).update(stored="")
        storages["media"].delete(name)
    return len(over) + sweep_nameless()


_looked = {"at": -FORGOTTEN_EVERY}


def sweep_nameless(every: float = FORGOTTEN_EVERY, age: timedelta = NAMELESS) -> int:
    """Remove what was stored by a run that ended before it could say so. It lists the storage, so it is done seldom."""
    if time.monotonic() - _looked["at"] < every:
        return 0
    _looked["at"] = time.monotonic()
    media, removed = storages["media"], 0
    named = set(Segment.objects.exclude(stored="").values_list("stored", flat=True))
    for folder in folders():
        name = f"{FOLDER}/{folder}/segment.mp4"
        with suppress(FileNotFoundError):  # another sweeper was quicker
            if name not in named and media.get_modified_time(name) < timezone.now() - age:
                media.delete(name)
                removed += 1
    return removed


def folders() -> list[str]:
    try:
        return storages["media"].listdir(FOLDER)[0]
    except FileNotFoundError:
        return []  # nothing was ever stored
