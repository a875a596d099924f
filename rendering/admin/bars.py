"""How far jobs are, for pages that show many: from two queries, however many there are, and without their documents."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet

from rendering.models import Job, Prediction, Segment
from rendering.states import LIVE, JobKind
from rendering.workflow import progress


def ready(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """The same jobs, with what the bars of those under way need."""
    live = {"job__status__in": LIVE}
    return jobs.defer("document", "metadata", "quality").prefetch_related(
        Prefetch("segments", Segment.objects.filter(**live).defer("spec")),
        Prefetch("predictions", Prediction.objects.filter(**live)),
    )


def fraction(job: Job) -> float:
    """From 0 to 1, of a job under way."""
    if job.kind == JobKind.GENERATE:
        return float(progress.generation(job)["fraction"])
    return progress.film_fraction(job, list(job.segments.all()))


def shown(jobs: QuerySet[Job]) -> list[tuple[Job, dict[str, Any]]]:
    """Each job with what its small bar says."""
    return [(job, {} if job.has_ended else {"fraction": fraction(job), "message": job.message}) for job in ready(jobs)]
