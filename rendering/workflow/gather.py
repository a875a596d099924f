"""Before the join: all segments of a job on this disk. Those that were rendered on another come from the storage."""

from __future__ import annotations

import structlog
from django.db import transaction

from rendering.exceptions import SegmentLost
from rendering.models import Job, Segment
from rendering.states import Stage
from rendering.workflow import stored_segments
from rendering.workflow.segment_run import cache
from videoserver.work import workspace

logger = structlog.get_logger(__name__)


def gather(job: Job) -> bool:
    """Whether all segments are here now. What came damaged twice is rendered here, and the job waits for it.

    What is gone and was never stored costs the job an attempt, or a disk that loses files would have it rendered for
    ever: SegmentLost.
    """
    away = [row for row in job.segments.defer("spec") if cache().find(row.key) is None]
    damaged = receive(job, away) if away else []
    if lost := [row.pk for row in damaged if row.here_only or not row.stored]:
        Segment.objects.filter(pk__in=lost).delete()
        raise SegmentLost()
    if damaged:
        render_here(job, damaged)
    return not damaged


def receive(job: Job, rows: list[Segment]) -> list[Segment]:
    """Put them into the cache; those that could not be had."""
    damaged = []
    with workspace.open("receive", job) as folder:
        for row in rows:
            if not row.stored:
                damaged.append(row)
                continue
            logger.info(f"Job {job.pk}: Receiving segment {row.index + 1} from render worker {row.rendered_by}")
            file = stored_segments.receive(row, folder, lambda _: job.renew())
            if file is None:
                damaged.append(row)
            else:
                cache().put(row.key, file)
                file.path.unlink()
    return damaged


def render_here(job: Job, rows: list[Segment]) -> None:
    """Write them anew, for the workers of this installation alone, and have the job wait for them."""
    with transaction.atomic():
        for row in rows:
            told = (
                f"Segment {row.index + 1} came damaged from render worker {row.rendered_by} twice; it is rendered here."
            )
            logger.warning(f"Job {job.pk}: {told}")
            Job.warn(job.pk, told)
            again = anew(row)
            row.delete()
            again.save(force_insert=True)
            again.ring()
        job.enter(Stage.RENDERING, job.message)
        job.wait_for(len(rows))


def anew(row: Segment) -> Segment:
    """The same frames to be rendered, as if nobody had."""
    same = (
        "job",
        "index",
        "variant",
        "key",
        "kind",
        "scenes",
        "first",
        "frames",
        "spec",
        "priority",
        "turn",
        "input_hash",
    )
    return Segment(**{name: getattr(row, name) for name in same}, here_only=True)
