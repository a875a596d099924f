"""A storyboard's job: check the approval, plan, hand out segments; when they are there join, check, store, complete."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from media_assets import ingest
from media_assets.models import MediaAsset
from rendering.engine import launch
from rendering.engine.segments import Encoding, SegmentSpec, split
from rendering.engine.timeline import Timeline
from rendering.exceptions import InputGone, NoStoryboardData, NotApproved, StoredDifferently
from rendering.models import Job, JobResult, Segment
from rendering.states import ENDED, Stage
from rendering.workflow import assets, frame_size, money, plan
from rendering.workflow import document as documents
from rendering.workflow.segment_cache import SegmentCache
from videoserver.work import workspace
from videoserver.work.row import WorkState

logger = structlog.get_logger(__name__)

SHORTEST_DEADLINE = 3600


def run(job: Job) -> None:
    """One step of the job. The plan is made anew each time: it is quick, and the same document gives the same plan."""
    if not job.segments.exists():
        begin(job)
    timeline, files = planned(job)
    specs = split(timeline, encoding())
    missing = hand_out(job, timeline, specs)
    if not missing:
        complete(job, timeline, specs, files)


def begin(job: Job) -> None:
    """Look at the approval again, at the claim: what was edited since the order is not what was approved."""
    logger.info(f"Job {job.pk}: Starting video rendering")
    storyboard = job.storyboard
    if storyboard is None or not storyboard.is_approved or storyboard.content_hash != job.content_hash:
        raise NotApproved()
    if not job.document.get("scenes"):
        raise NoStoryboardData()
    job.enter(Stage.FETCHING, "Rendering video...")
    logger.info(f"Job {job.pk}: Extracting image URLs from storyboard")
    pictures = [use for use in documents.asset_references(job.document) if use.type == "image"]
    logger.info(f"Job {job.pk}: Extracted {len(pictures)} image URLs")
    logger.info(f"Job {job.pk}: Video rendering attempt {job.attempt}/{job.max_attempts}")


def planned(job: Job) -> tuple[Timeline, dict[str, MediaAsset]]:
    """The job's timeline, and the asset behind each hash in it. Raises DocumentInvalid, AssetNotFound, InputGone."""
    document = documents.validate(job.document, for_render=True)
    used = assets.resolve(job.document, job.owner, ready=True)
    facts = {name: plan.facts(asset) for name, asset in used.items()}
    asked = job.options
    timeline = plan.timeline(
        document, facts, quality=asked.get("quality"), width=asked.get("width"), height=asked.get("height")
    )
    return timeline, {asset.checksum: asset for asset in used.values()}


def encoding() -> Encoding:
    return plan.encoding(settings.X264_PRESET, settings.X264_CRF)


def cache() -> SegmentCache:
    return SegmentCache(settings.SEGMENTS_DIR)


def hand_out(job: Job, timeline: Timeline, specs: list[SegmentSpec]) -> int:
    """Make a row for every segment; ring those that the cache lacks and wait for them. How many that are."""
    rows = {row.index: row for row in job.segments.all()}
    found = {spec.index: cache().find(spec.key) for spec in specs}
    missing = 0
    with transaction.atomic():
        for spec in specs:
            file, row = found[spec.index], rows.get(spec.index)
            if row and (row.status in ENDED) and (row.status != WorkState.COMPLETED or file is None):
                row.delete()
                row = None
            if row is None:
                row = new_segment(job, spec)
                if file is not None:
                    row.status, row.cached, row.finished_at = WorkState.COMPLETED, True, timezone.now()
                    row.sha256, row.size = file.sha256, file.size
                    logger.info(f"Job {job.pk}: Segment {spec.index + 1} of {len(specs)} found in the cache")
                else:
                    row.ring()
                row.save(force_insert=True)
            missing += row.status != WorkState.COMPLETED
        if missing:
            job.enter(Stage.RENDERING, rendering_message(job))
            allowed = sum(seconds_allowed(spec.frames, timeline.fps) for spec in specs)
            job.keep(deadline_at=timezone.now() + timedelta(seconds=max(allowed, SHORTEST_DEADLINE)))
            job.wait_for(missing)
    return missing


def rendering_message(job: Job) -> str:
    return "Rendering video from images..." if job.attempt == 1 else f"Rendering video (attempt {job.attempt})..."


def new_segment(job: Job, spec: SegmentSpec) -> Segment:
    return Segment(
        job=job,
        index=spec.index,
        key=spec.key,
        kind=spec.kind,
        scenes=list(spec.scenes),
        first=spec.first,
        frames=spec.frames,
        spec={"spec": spec.spec, "assets": sorted(spec.assets)},
        priority=job.priority,
        input_hash=spec.key,
    )


def run_segment(segment: Segment) -> None:
    """Render one segment into the cache."""
    job = segment.job
    if job.has_ended:
        segment.cancel()
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
        files = fetch(job, spec.assets, folder)
        made = launch.segment(
            spec,
            files,
            folder / "segment.mp4",
            on_event=lambda event: segment.renew(progress_of(event)),
            moviepy_layers=settings.MOVIEPY_LAYERS,
            stall=settings.RENDER_TIMEOUT,
            deadline=seconds_allowed(segment.frames, job.document["fps"]),
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


def fetch(job: Job, wanted: frozenset[str], folder: Path) -> dict[str, Path]:
    """Hash → local file for the assets that are wanted."""
    used = assets.resolve(job.document, job.owner)
    by_hash = {asset.checksum: asset for asset in used.values()}
    if lost := wanted - by_hash.keys():
        raise InputGone(f"The asset with the hash {min(lost)} is gone.")
    return {checksum: ingest.fetch(by_hash[checksum], folder) for checksum in wanted}


def complete(job: Job, timeline: Timeline, specs: list[SegmentSpec], files: dict[str, MediaAsset]) -> None:
    """Sound, join, check, store, and one commit in which the job is completed and owns its film."""
    logger.info(f"Job {job.pk}: Video rendered successfully")
    job.enter(Stage.COMBINING, "Finalizing...")

    def alive(event: dict[str, Any]) -> None:
        job.renew()

    with workspace.open("job", job) as folder:
        heard = frozenset(sound.asset for sound in timeline.audio)
        sounds = {checksum: ingest.fetch(asset, folder) for checksum, asset in files.items() if checksum in heard}
        sound = launch.sound(timeline, sounds, folder / "sound.m4a", on_event=alive)
        film = folder / "final.mp4"
        segments = [(spec, cache().require(spec.key).path) for spec in specs]
        launch.join(timeline, segments, sound.path, film, on_event=alive)
        job.enter(Stage.CHECKING, "Finalizing...")
        report = launch.check(film, timeline, on_event=alive)
        job.enter(Stage.SAVING, "Downloading video...")
        stored = ingest.put(film, job.owner, "video")
        with assets.forgotten_on_error(stored), transaction.atomic():
            logger.info(f"Job {job.pk}: Downloading video from {stored.key}")
            require_same(stored, report)
            logger.info(f"Job {job.pk}: Video downloaded successfully ({stored.size} bytes)")
            job.enter(Stage.SAVING, "Finalizing...")
            asset = ingest.record(stored, job.owner, name=f"{job.document['title']}.mp4", metadata=job.metadata)
            JobResult.objects.create(
                job=job,
                asset=asset,
                aspect_ratio=frame_size.ratio_name(timeline.width, timeline.height),
                format="mp4",
                duration=timeline.duration,
                frames=timeline.frames,
                width=timeline.width,
                height=timeline.height,
            )
            job.finish(
                actual_cost=money.settle(job),
                stage="",
                message="Video rendering complete!",
                quality={
                    "loudness_lufs": sound.loudness_lufs,
                    "true_peak_dbtp": sound.true_peak_dbtp,
                    "findings": [],
                },
            )
    logger.info(f"Job {job.pk}: Video rendering task completed successfully")
    if trimmed := cache().trim(settings.SEGMENT_CACHE_BYTES):
        logger.info(f"Removed {trimmed} segments that were not used for longest from the cache")


def require_same(stored: ingest.StoredFile, report: dict[str, Any]) -> None:
    """What the storage gave back must be what was checked."""
    if (stored.size, stored.checksum) != (report["size"], report["sha256"]):
        raise StoredDifferently()
