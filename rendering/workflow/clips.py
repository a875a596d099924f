"""A finished job's scenes as films of their own: places in the film, cut out by copy when somebody asks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import structlog

from media_assets import ingest
from rendering.engine import finish
from rendering.engine.launch import SegmentFile
from rendering.exceptions import ClipFailed
from rendering.models import Job, JobResult
from rendering.states import JobState
from rendering.workflow.outputs import FILM
from rendering.workflow.segment_run import cache
from videoserver.work import workspace
from videoserver.work.sandbox import ChildFailed

logger = structlog.get_logger(__name__)

DEADLINE = 60
VERSION = 1
"""Raise it when the same cut gives other bytes."""


@dataclass(frozen=True)
class Clip:
    """A scene's frames in the job's film, those of its transitions included."""

    scene: str | None
    name: str
    first: int
    frames: int


def of(job: Job) -> list[Clip]:
    """The clips of a completed job; they are what its segments say."""
    if job.status != JobState.COMPLETED:
        return []
    spans: dict[int, tuple[int, int]] = {}
    for segment in job.segments.all():
        for scene in segment.scenes if segment.variant == 0 else ():
            first, until = spans.get(scene, (segment.first, 0))
            spans[scene] = min(first, segment.first), max(until, segment.first + segment.frames)
    scenes = job.document.get("scenes") or []
    return [
        Clip(scenes[place].get("id"), f"scene-{place + 1:03}.mp4", first, until - first)
        for place, (first, until) in sorted(spans.items())
    ]


def cut(job: Job, clip: Clip) -> SegmentFile:
    """The clip's file, from the cache or made now. Raises ClipFailed, MediaError."""
    film: JobResult = job.results.select_related("asset").get(name=FILM)
    words = f"clip {VERSION} {film.asset.checksum} {clip.first} {clip.frames}"
    key = hashlib.sha256(words.encode()).hexdigest()
    if kept := cache().find(key):
        return kept
    with workspace.scratch("clip") as folder:
        whole = ingest.fetch(film.asset, folder)
        fps = round((film.frames or 1) / (film.duration or 1))
        output = folder / clip.name
        try:
            made = finish.cut(whole, clip.first, clip.frames, fps, output, deadline=DEADLINE)
        except ChildFailed as error:
            logger.error("A clip failed", job=str(job.pk), clip=clip.name, code=error.code, detail=error.detail)
            raise ClipFailed() from error
        return cache().put(key, made)
