"""Work that newer code wrote, met by a worker that still runs older code: it is left to newer workers, never failed.

While a new version is rolled out the database is migrated first, and workers of both versions run for a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.db.models import Count
from django.utils import timezone

from rendering.engine.segments import ENGINE_VERSION, SegmentSpec
from rendering.models import Job, Segment
from rendering.workflow import document as documents
from rendering.workflow.document import Document, DocumentInvalid

logger = structlog.get_logger(__name__)

AGAIN = timedelta(minutes=1)
"""After so long somebody looks whether newer code can have it."""
PATIENCE = timedelta(days=1)
"""No deployment takes so long: then newer code is not coming, and the work fails as it would have."""
_told: set[str] = set()


class NewerCode(Exception):
    """This code can't do it, and newer code can; without that it would fail with this code and this detail."""

    def __init__(self, code: str, detail: str, pointer: str = "") -> None:
        self.code, self.detail, self.pointer = code, detail, pointer
        super().__init__(detail)


def document_of(job: Job) -> Document:
    """The job's document. It was valid when it was ordered, so a template that is unknown now is newer than this code.

    Raises DocumentInvalid, NewerCode.
    """
    try:
        return documents.validate(job.document, for_render=True)
    except DocumentInvalid as error:
        for each in error.errors:
            if each["code"] == "unknown_template":
                raise NewerCode(each["code"], each["detail"], each["pointer"]) from error
        raise


def stamp() -> Mapping[str, Any]:
    """What a segment's spec says of the engine that it was planned for."""
    return {"engine": ENGINE_VERSION}


def require_known_engine(segment: Segment) -> None:
    """Raise NewerCode for a segment that an older engine would draw differently, and keep under the newer one's key."""
    planned_for = segment.spec.get("engine", 0)
    if planned_for > ENGINE_VERSION:
        detail = f"The segment was planned for version {planned_for} of the engine; this is {ENGINE_VERSION}."
        raise NewerCode("processing_failed", detail)


def planned_alike(job: Job, specs: list[SegmentSpec]) -> list[Segment]:
    """The job's segments that this code would plan just so. Those of older code are forgotten and planned anew: nobody
    would find them at the join. Raises NewerCode.
    """
    keys = {spec.index: spec.key for spec in specs}
    rows = list(job.segments.all())
    others = [row for row in rows if keys.get(row.index) != row.key]
    for row in others:
        require_known_engine(row)
    if others:
        logger.info(f"Job {job.pk}: {len(others)} segments were planned by older code; they are planned anew")
        Segment.objects.filter(pk__in=[row.pk for row in others]).delete()
    return [row for row in rows if row not in others]


def leave(row: Job | Segment) -> bool:
    """Hand the row back with its attempt unspent; newer code may claim it in a minute. False when that has been
    tried for too long."""
    if row.created_at < timezone.now() - PATIENCE:
        return False
    row.wait_until(timezone.now() + AGAIN)
    return True


def tell() -> None:
    """Log once for each kind of jobs that this code does not know how many of them it leaves to newer workers."""
    for kind, number in Job.objects.for_newer_code().order_by().values_list("kind").annotate(Count("pk")):
        if kind not in _told:
            _told.add(kind)
            logger.warning(f"{number} jobs of the kind {kind!r} are left to workers with newer code")
