"""One segment's run: fetch its assets, render it in the child, keep it in the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from media_assets import ingest
from media_assets.exceptions import InputGone as BytesGone
from media_assets.models import MediaAsset
from rendering.engine import launch
from rendering.engine.launch import SegmentFile
from rendering.engine.segments import SegmentSpec
from rendering.exceptions import InputGone
from rendering.models import Job, Segment
from rendering.states import JobKind
from rendering.workflow import document as documents
from rendering.workflow import newer, stored_segments
from rendering.workflow.assets import as_uuid
from rendering.workflow.segment_cache import SegmentCache
from videoserver.work import here, workspace
from videoserver.work.faults import faultpoint

OnEvent = Callable[[dict[str, Any]], None]
logger = structlog.get_logger(__name__)


def run_segment(segment: Segment) -> None:
    """Render one segment into the cache."""
    job = segment.job
    if job.has_ended:
        segment.cancel()
        return
    made = cache().find(segment.key)
    if made is None:
        newer.require_known_engine(segment)
    job.start_clock()
    if made:  # another segment of the same content was quicker
        finish(segment, made, cached=True)
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
        files = fetch(job, spec.assets, assets_of(segment), folder, lambda _: segment.renew())
        made = launch.segment(
            spec,
            files,
            folder / "segment.mp4",
            on_event=lambda event: rendering(segment, event),
            moviepy_layers=settings.MOVIEPY_LAYERS,
            stall=settings.RENDER_TIMEOUT,
            deadline=deadline_of(segment, spec.spec["fps"]),
        )
        faultpoint("segment.rendered")
        made = cache().put(segment.key, made)
        faultpoint("segment.kept")
    finish(segment, made)
    logger.info(f"Job {job.pk}: Segment {segment.index + 1} rendered ({segment.frames} frames, {made.size} bytes)")
    if segment.attempt > 1:
        logger.info(f"Job {job.pk}: Video rendering succeeded")


def finish(segment: Segment, made: SegmentFile, *, cached: bool = False) -> None:
    """The row says what was made, and where other machines find it."""
    with stored_segments.shared(segment.key, made, lambda _: segment.renew()) as name:
        segment.finish(
            sha256=made.sha256,
            size=made.size,
            warnings=list(made.warnings),
            cached=cached,
            rendered_by=here.worker(),
            stored=name,
            progress={"frames_done": segment.frames},
        )


def deadline_of(segment: Segment, fps: int) -> float:
    """Its own, and for a direct order the order's."""
    allowed = seconds_allowed(segment.frames, fps)
    return min(allowed, settings.PROCESS_TIMEOUT) if segment.job.kind == JobKind.TEMPLATE else allowed


def seconds_allowed(frames: int, fps: int) -> float:
    """A segment's hard deadline."""
    return settings.RENDER_TIMEOUT + 20 * frames / fps


def rendering(segment: Segment, event: dict[str, Any]) -> None:
    faultpoint("segment.rendering")
    segment.renew(progress_of(event))


def progress_of(event: dict[str, Any]) -> dict[str, Any] | None:
    return {"frames_done": event["frames_done"]} if "frames_done" in event else None


def assets_of(segment: Segment) -> dict[str, MediaAsset]:
    """Hash → asset, as they were when the film was planned."""
    ids: dict[str, str] = segment.spec["assets"]
    found = {str(asset.pk): asset for asset in MediaAsset.objects.alive().filter(pk__in=ids.values())}
    return {checksum: found[pk] for checksum, pk in ids.items() if pk in found}


def fetch(
    job: Job, wanted: Iterable[str], assets: Mapping[str, MediaAsset], folder: Path, on_event: OnEvent
) -> dict[str, Path]:
    """Hash → local file for those of the assets that are wanted. Raises InputGone."""
    if lost := set(wanted) - assets.keys():
        raise InputGone(f"The asset with the hash {min(lost)} is gone.")
    return {checksum: whole(job, assets[checksum], folder, on_event) for checksum in wanted}


def whole(job: Job, asset: MediaAsset, folder: Path, on_event: OnEvent) -> Path:
    """The asset's file; when its bytes are gone, InputGone says where the document names it."""
    try:
        return ingest.fetch(asset, folder, on_event=on_event)
    except BytesGone as error:
        uses = documents.asset_references(job.document)
        place = next((use.pointer for use in uses if as_uuid(use.asset) == asset.pk), "")
        raise InputGone(f"{asset.name}: {error.detail}", pointer=place) from error


def cache() -> SegmentCache:
    return SegmentCache(settings.SEGMENTS_DIR)
