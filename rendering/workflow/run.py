"""A storyboard's job: check the approval, plan, hand out segments; when they are there join, check, store, complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from media_assets.models import MediaAsset
from rendering.engine.launch import SegmentFile
from rendering.engine.segments import Encoding, SegmentSpec
from rendering.exceptions import AssetNotFound, InputGone, NoStoryboardData, SegmentLost
from rendering.models import Job, Segment
from rendering.states import Stage
from rendering.workflow import assets, order, outputs, plan
from rendering.workflow import document as documents
from rendering.workflow.complete import complete, seconds_to_finish
from rendering.workflow.outputs import PlannedFilm
from rendering.workflow.segment_run import cache, seconds_allowed
from videoserver.work.row import WorkState

logger = structlog.get_logger(__name__)

SHORTEST_DEADLINE = 3600


def run(job: Job) -> None:
    """One step of the job. The plan is made anew each time: it is quick, and the same document gives the same plan."""
    if not job.segments.exists():
        begin(job)
    films, files = planned(job)
    missing = hand_out(job, films)
    if not missing:
        complete(job, films, files)


def begin(job: Job) -> None:
    """Look at the approval again, at the claim: what was edited since the order is not what was approved."""
    logger.info(f"Job {job.pk}: Starting video rendering")
    if not job.document.get("scenes"):
        raise NoStoryboardData()
    order.require_approval(job)
    job.enter(Stage.FETCHING, "Rendering video...")
    logger.info(f"Job {job.pk}: Extracting image URLs from storyboard")
    pictures = [use for use in documents.asset_references(job.document) if use.type == "image"]
    logger.info(f"Job {job.pk}: Extracted {len(pictures)} image URLs")
    logger.info(f"Job {job.pk}: Video rendering attempt {job.attempt}/{job.max_attempts}")


def planned(job: Job) -> tuple[list[PlannedFilm], dict[str, MediaAsset]]:
    """The job's films, and the asset behind each hash in them. Raises DocumentInvalid, AssetNotFound, InputGone."""
    document = documents.validate(job.document, for_render=True)
    try:
        used = assets.resolve(job.document, job.owner, ready=True)
    except AssetNotFound as error:
        raise InputGone(errors=error.errors) from error
    facts = {name: plan.facts(asset) for name, asset in used.items()}
    films = outputs.films(document, facts, job.options, encoding())
    return films, {asset.checksum: asset for asset in used.values()}


def encoding() -> Encoding:
    return plan.encoding(settings.X264_PRESET, settings.X264_CRF)


def hand_out(job: Job, films: list[PlannedFilm]) -> int:
    """Make a row for every segment; ring those that the cache lacks and wait for them. How many that are."""
    rows = {row.index: row for row in job.segments.all()}
    specs = [(film, spec) for film in films for spec in film.specs]
    found = {spec.index: cache().find(spec.key) for _, spec in specs}
    require_kept(rows.values(), found)
    missing = 0
    with transaction.atomic():
        for film, spec in specs:
            file, row = found[spec.index], rows.get(spec.index)
            if row is None:
                row = new_segment(job, film, spec)
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
            allowed = sum(seconds_allowed(spec.frames, film.timeline.fps) for film, spec in specs)
            allowed += seconds_to_finish(job, films)
            job.keep(seconds_allowed=max(allowed, SHORTEST_DEADLINE))
            job.wait_for(missing)
    return missing


def require_kept(rows: Iterable[Segment], found: Mapping[int, SegmentFile | None]) -> None:
    """A segment that was rendered and is gone from the cache costs the job an attempt, or a disk that loses files
    would have it rendered for ever. Raises SegmentLost; the next attempt renders those that are gone."""
    lost = [row.pk for row in rows if row.status == WorkState.COMPLETED and found.get(row.index) is None]
    if lost:
        Segment.objects.filter(pk__in=lost).delete()
        raise SegmentLost()


def rendering_message(job: Job) -> str:
    return "Rendering video from images..." if job.attempt == 1 else f"Rendering video (attempt {job.attempt})..."


def new_segment(job: Job, film: PlannedFilm, spec: SegmentSpec) -> Segment:
    return Segment(
        job=job,
        index=spec.index,
        variant=film.number,
        key=spec.key,
        kind=spec.kind,
        scenes=list(spec.scenes),
        first=spec.first,
        frames=spec.frames,
        spec={"spec": spec.spec, "assets": sorted(spec.assets)},
        priority=job.priority,
        input_hash=spec.key,
    )
