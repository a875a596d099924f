"""Stills by content hash, beside the segments: the same picture is drawn once, whoever asks, and however often."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings

from rendering.engine import launch
from rendering.engine.launch import SegmentFile
from rendering.engine.segments import SegmentSpec, one
from rendering.engine.timeline import Timeline
from rendering.exceptions import StillFailed
from rendering.workflow.segment_cache import SegmentCache
from videoserver.web.seats import Seats
from videoserver.work import workspace
from videoserver.work.sandbox import ChildFailed
from videoserver.work.warm import CHILDREN, MOST_WAITING, Busy

logger = structlog.get_logger(__name__)

VERSION = 1
"""Raise it whenever a still is made smaller or compressed in another way: every cached one is then made anew."""
DEADLINE = 30
SWEEPER = "00"
"""One still of 256 sweeps: a sweep looks at each file of the cache."""
Fetch = Callable[[frozenset[str], Path], Mapping[str, Path]]
"""Brings the files behind these hashes into a folder."""
MOST_SEATS = CHILDREN + MOST_WAITING
seats = Seats(max(2, min(MOST_SEATS, settings.WEB_THREADS // 2)), share=min(MOST_WAITING, settings.WEB_THREADS // 2))
"""Threads of the web server that draw stills or wait for one. A caller has six, as many as a browser asks at once; two
are left for others."""
_under_way: dict[str, Future[bytes]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Still:
    """One frame of a film at a width, planned and named, not drawn yet."""

    timeline: Timeline
    frame: int
    spec: SegmentSpec
    width: int | None
    fetch: Fetch

    @property
    def key(self) -> str:
        """sha256 over all that decides a pixel: what the segment is drawn from and with, the frame, and the size."""
        words = f"still {VERSION} {self.spec.key} {self.frame - self.spec.first} {self.width or 'full'}"
        return hashlib.sha256(words.encode()).hexdigest()

    def picture(self, caller: str) -> bytes:
        """The JPEG: from the cache, from who draws it just now, or drawn. Raises StillFailed, Busy, MediaError."""
        cache = SegmentCache(settings.SEGMENTS_DIR)
        if kept := cache.find(self.key):
            return kept.path.read_bytes()
        if not seats.take(caller):
            raise Busy
        try:
            return together(self.key, lambda: self.draw(cache))
        finally:
            seats.leave(caller)

    def draw(self, cache: SegmentCache) -> bytes:
        """Have the child draw it, and keep it."""
        with workspace.scratch("still") as folder:
            output = folder / "still.jpg"
            files = self.fetch(self.spec.assets, folder)
            try:
                launch.still(
                    self.timeline,
                    self.frame,
                    files,
                    output,
                    width=self.width,
                    moviepy_layers=settings.MOVIEPY_LAYERS,
                    deadline=DEADLINE,
                )
            except ChildFailed as error:
                logger.error("A still failed", scenes=self.spec.scenes, code=error.code, detail=error.detail)
                raise StillFailed() from error
            picture = output.read_bytes()
            keep(cache, self.key, SegmentFile(output, hashlib.sha256(picture).hexdigest(), len(picture), frames=1))
            return picture


def planned(timeline: Timeline, frame: int, width: int | None, fetch: Fetch) -> Still:
    """The frame of a film, at most `width` pixels wide; no width, or one that is larger, is the film's own."""
    spec, _ = one(timeline, frame)
    return Still(timeline, frame, spec, width if width and width < timeline.width else None, fetch)


def keep(cache: SegmentCache, key: str, file: SegmentFile) -> None:
    """Put it into the cache if there is room; now and then see to it that the cache keeps its size, for a machine that
    has no worker."""
    try:
        cache.put(key, file)
        if key.startswith(SWEEPER):
            cache.trim(settings.SEGMENT_CACHE_BYTES)
    except OSError as error:
        logger.warning("A still could not be kept", error=str(error))


def together(key: str, draw: Callable[[], bytes]) -> bytes:
    """What the first one who asks draws is given to all who ask meanwhile."""
    with _lock:
        there = _under_way.get(key)
        if there is None:
            mine = _under_way[key] = Future()
    if there is not None:
        return there.result(timeout=2 * DEADLINE)
    try:
        picture = draw()
    except BaseException as error:
        mine.set_exception(error)
        raise
    else:
        mine.set_result(picture)
        return picture
    finally:
        with _lock:
            del _under_way[key]
