"""A storyboard's job: check the approval, plan, hand out segments; when they are there join, check, store, complete."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from media_assets.models import MediaAsset
from rendering.engine.segments import Encoding, SegmentSpec
from rendering.exceptions import AssetNotFound, InputGone, NoStoryboardData
from rendering.models import Job, Segment, render_cluster
from rendering.states import JobKind, Stage
from rendering.workflow import assets, newer, order, outputs, plan, stored_segments
from rendering.workflow import document as documents
from rendering.workflow.complete import complete, seconds_to_finish
from rendering.workflow.gather import gather
from rendering.workflow.outputs import PlannedFilm
from rendering.workflow.segment_run import cache, seconds_allowed
from videoserver.work.faults import faultpoint
from videoserver.work.row import WorkState

logger = structlog.get_logger(__name__)

SHORTEST_DEADLINE = 3600


def run(job: Job) -> None:
    """One step of the job. The plan is made anew each time: it is quick, and the same document gives the same plan."""
    if not job.segments.exists():
        begin(job)
    films, files = planned(job)
    if not hand_out(job, films, files) and gather(job):
        complete(job, films, files)


def begin(job: Job) -> None:
    """Look at the approval again, at the claim: what was edited since the order is not what was approved."""
    logger.info(f"Job {job.pk}: Starting video rendering")
    if not job.document.get("scenes"):
        raise NoStoryboardData()
    newer.document_of(job)
    order.require_approval(job)
    job.enter(Stage.FETCHING, "Rendering video...")
    logger.info(f"Job {job.pk}: Extracting image URLs from storyboard")
    pictures = [use for use in documents.asset_references(job.document) if use.type == "image"]
    logger.info(f"Job {job.pk}: Extracted {len(pictures)} image URLs")
    logger.info(f"Job {job.pk}: Video rendering attempt {job.attempt}/{job.max_attempts}")


def planned(job: Job) -> tuple[list[PlannedFilm], dict[str, MediaAsset]]:
    """The job's films, and the asset behind each hash in them. Raises DocumentInvalid, InputGone, NewerCode."""
    document = newer.document_of(job)
    try:
        used = assets.resolve(job.document, job.owner, ready=True)
    except AssetNotFound as error:
        raise InputGone(errors=error.errors, total=error.total) from error
    facts = {name: plan.facts(asset) for name, asset in used.items()}
    films = outputs.films(document, facts, job.options, encoding())
    return films, {asset.checksum: asset for asset in used.values()}


def encoding() -> Encoding:
    return plan.encoding(settings.X264_PRESET, settings.X264_CRF)


def hand_out(job: Job, films: list[PlannedFilm], files: dict[str, MediaAsset]) -> int:
    """Make a row for every segment; ring those that nobody has rendered and wait for them. How many that are."""
    specs = [(film, spec) for film in films for spec in film.specs]
    rows = {row.index: row for row in newer.planned_alike(job, [spec for _, spec in specs])}
    missing = [row for row in rows.values() if row.status != WorkState.COMPLETED]
    new = [new_segment(job, film, spec, files) for film, spec in specs if spec.index not in rows]
    missing += find(job, new)
    if missing:
        share(job, new)
        if render_cluster.is_silent():
            Job.warn(job.pk, render_cluster.fallback())
    with transaction.atomic():
        job.keep()  # a write first: who moves the job in line moves its segments too, and must not miss any
        job.refresh_from_db(fields=["priority", "turn"])
        for row in new:
            row.priority, row.turn = job.priority, job.turn
            row.save(force_insert=True)
            if row in missing:
                row.ring()
        if missing:
            job.enter(Stage.RENDERING, rendering_message(job))
            allowed = sum(seconds_allowed(spec.frames, film.timeline.fps) for film, spec in specs)
            allowed += seconds_to_finish(job, films)
            direct = job.kind == JobKind.TEMPLATE
            job.keep(seconds_allowed=settings.PROCESS_TIMEOUT if direct else max(allowed, SHORTEST_DEADLINE))
            job.wait_for(len(missing))
    faultpoint("job.planned")
    return len(missing)


def find(job: Job, rows: list[Segment]) -> list[Segment]:
    """Complete those that were rendered before, on this disk or on another; the rest."""
    stored = stored_segments.known(row.key for row in rows)
    missing = []
    for row in rows:
        if twin := stored.get(row.key):
            same = ("sha256", "size", "warnings", "rendered_by", "stored")
            found = {name: getattr(twin, name) for name in same}
        elif file := cache().find(row.key):
            found = {"sha256": file.sha256, "size": file.size, "warnings": list(file.warnings)}
        else:
            missing.append(row)
            continue
        for name, value in found.items():
            setattr(row, name, value)
        row.status, row.cached, row.finished_at = WorkState.COMPLETED, True, timezone.now()
        logger.info(f"Job {job.pk}: Segment {row.index + 1} found in the cache")
    return missing


def share(job: Job, rows: list[Segment]) -> None:
    """Store what was found on this disk, if the job may be joined on another."""
    if stored_segments.are_needed():
        for row in rows:
            if row.status == WorkState.COMPLETED and not row.stored:
                row.stored = stored_segments.put(row.key, cache().require(row.key), lambda _: job.renew())


def rendering_message(job: Job) -> str:
    return "Rendering video from images..." if job.attempt == 1 else f"Rendering video (attempt {job.attempt})..."


def new_segment(job: Job, film: PlannedFilm, spec: SegmentSpec, files: dict[str, MediaAsset]) -> Segment:
    return Segment(
        job=job,
        index=spec.index,
        variant=film.number,
        key=spec.key,
        kind=spec.kind,
        scenes=list(spec.scenes),
        first=spec.first,
        frames=spec.frames,
        spec={
            "spec": spec.spec,
            "assets": {name: str(files[name].pk) for name in sorted(spec.assets)},
            **newer.stamp(),
        },
        input_hash=spec.key,
    )
