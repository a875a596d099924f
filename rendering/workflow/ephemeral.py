"""Results that are there to be fetched once: deleted after a whole GET, and in any case after RESULT_TTL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.core.files.storage import storages
from django.db import DatabaseError, transaction
from django.utils import timezone

from media_assets.exceptions import MediaError
from media_assets.models import MediaAsset
from rendering.models import Job, JobResult
from rendering.states import ENDED

logger = structlog.get_logger(__name__)

EPHEMERAL, KEEP, GONE = "ephemeral", "keep", "gone"
LOOKED_BACK = timedelta(days=2)
"""Older orders were swept long ago."""


def is_ephemeral(job: Job) -> bool:
    return bool(job.options.get("delivery") == EPHEMERAL)


def end(job_id: UUID) -> None:
    """Delete what an ephemeral order made, and what was sent along with it. Safe to call twice, and at once."""
    job = Job.objects.filter(pk=job_id, options__delivery=EPHEMERAL).first()
    if job is None:
        return
    results = JobResult.objects.filter(job=job)
    made = [result.asset for result in results.select_related("asset")]
    made += [job.poster] if job.poster else []
    sent = MediaAsset.objects.filter(pk__in=job.options.get("uploads", []), owner=job.owner)
    with transaction.atomic():
        results.delete()
        Job.objects.filter(pk=job.pk).update(poster=None, options={**job.options, "delivery": GONE, "uploads": []})
    for asset in (*made, *sent):
        remove(asset)
    logger.info(f"Job {job.pk}: The result is deleted")


def remove(asset: MediaAsset) -> None:
    """The row and the bytes, unless somebody has put the asset to use in the meantime."""
    try:
        asset.discard()
    except MediaError as error:
        logger.info("An ephemeral asset stays", asset=str(asset.pk), code=error.code)
        return
    for key in filter(None, (asset.key, asset.thumbnail_key)):
        storages["media"].delete(key)
    asset.delete()


def sweep() -> None:
    """Delete what was not fetched in time, one order after the other; one that cannot be deleted is tried again."""
    for job_id in overdue():
        try:
            end(job_id)
        except DatabaseError:
            raise
        except Exception:
            logger.exception(f"Job {job_id}: The result could not be deleted")


def overdue() -> Iterable[UUID]:
    late = timezone.now() - timedelta(seconds=settings.RESULT_TTL)
    jobs = Job.objects.filter(
        created_at__gte=late - LOOKED_BACK, finished_at__lte=late, status__in=ENDED, options__delivery=EPHEMERAL
    )
    return list(jobs.values_list("pk", flat=True))
