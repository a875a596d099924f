"""One segment's run: fetch its assets, render it in the child, keep it in the cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from media_assets import ingest
from media_assets.exceptions import InputGone as BytesGone
from media_assets.models import MediaAsset
from rendering.engine import launch
from rendering.engine.segments import SegmentSpec
from rendering.exceptions import AssetNotFound, InputGone
from rendering.models import Job, Segment
from rendering.workflow import assets
from rendering.workflow import document as documents
from rendering.workflow.segment_cache import SegmentCache
from videoserver.work import workspace

OnEvent = Callable[[dict[str, Any]], None]
logger = structlog.get_logger(__name__)


def run_segment(segment: Segment) -> None:
    """Render one segment into the cache."""
    job = segment.job
    if job.has_ended:
        segment.cancel()
        return
    job.start_clock()
    if made := cache().find(segment.key):  # another segment of the same content was quicker
        segment.finish(sha256=made.sha256, size=made.size, cached=True, progress={"frames_done": segment.frames})
        return
    if segment.attempt > 1:
        Job.objects.filter(pk=job.pk).update(message=f"Rendering video (attempt {segment.attempt})...")
    spec = SegmentSpec(
        index=segment.index,
        first=segment.first,
        frames=segment.frames,
        scenes=tuple(segment.scenes),
        kind="body" if segment.kind == "body" else "transition",
        spec=segment.spec["spec"],
        key=segment.key,
        assets=frozenset(segment.spec["assets"]),
    )
    with workspace.open(f"segment_{segment.index}", segment) as folder:
        files = fetch(job, spec.assets, folder, lambda _: segment.renew())
        made = launch.segment(
            spec,
            files,
            folder / "segment.mp4",
            on_event=lambda event: segment.renew(progress_of(event)),
            moviepy_layers=settings.MOVIEPY_LAYERS,
            stall=settings.RENDER_TIMEOUT,
            deadline=seconds_allowed(segment.frames, spec.spec["fps"]),
        )
        cache().put(segment.key, made)
    segment.finish(sha256=made.sha256, size=made.size, progress={"frames_done": segment.frames})
    logger.info(f"Job {job.pk}: Segment {segment.index + 1} rendered ({segment.frames} frames, {made.size} bytes)")
    if segment.attempt > 1:
        logger.info(f"Job {job.pk}: Video rendering succeeded")


def seconds_allowed(frames: int, fps: int) -> float:
    """A segment's hard deadline."""
    return settings.RENDER_TIMEOUT + 20 * frames / fps


def progress_of(event: dict[str, Any]) -> dict[str, Any] | None:
    return {"frames_done": event["frames_done"]} if "frames_done" in event else None


def fetch(job: Job, wanted: frozenset[str], folder: Path, on_event: OnEvent) -> dict[str, Path]:
    """Hash → local file for the assets that are wanted."""
    try:
        used = assets.resolve(job.document, job.owner)
    except AssetNotFound as error:
        raise InputGone(errors=error.errors) from error
    places = {used[use.asset].checksum: use.pointer for use in reversed(documents.asset_references(job.document))}
    by_hash = {asset.checksum: asset for asset in used.values()}
    if lost := wanted - by_hash.keys():
        raise InputGone(f"The asset with the hash {min(lost)} is gone.")
    return {checksum: whole(by_hash[checksum], folder, places[checksum], on_event) for checksum in wanted}


def whole(asset: MediaAsset, folder: Path, pointer: str, on_event: OnEvent) -> Path:
    """The asset's file; when its bytes are gone, InputGone says where the document names it."""
    try:
        return ingest.fetch(asset, folder, on_event=on_event)
    except BytesGone as error:
        raise InputGone(f"{asset.name}: {error.detail}", pointer=pointer) from error


def cache() -> SegmentCache:
    return SegmentCache(settings.SEGMENTS_DIR)
