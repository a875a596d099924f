"""Orders: a storyboard's render, a generation, a retry. Each writes one Job and rings the bell after the commit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from rendering.exceptions import NotApproved, SceneNotFound, WrongState
from rendering.models import Job, Storyboard
from rendering.states import JobKind, JobState
from rendering.workflow import document as documents
from rendering.workflow import money, outputs, write


def render(storyboard: Storyboard, options: Mapping[str, Any] | None = None) -> tuple[Job, bool]:
    """Order the film of an approved storyboard: (job, whether it is new).

    For the same content and options as a job that is queued, rendering or completed it is that job, unless
    `options["force"]`. Raises NotApproved, and whatever `write.require_renderable` raises; then nothing is queued.
    """
    options = dict(options or {})
    forced = bool(options.pop("force", False))
    metadata = options.pop("metadata", None) or {}
    if not storyboard.is_approved:
        raise NotApproved()
    write.require_renderable(storyboard)
    outputs.require_room(documents.validate(storyboard.document(), for_render=True), options)
    money.require_affordable(storyboard, options)
    job = Job(
        kind=JobKind.STORYBOARD,
        owner=storyboard.owner,
        storyboard=storyboard,
        revision=storyboard.revision,
        content_hash=storyboard.content_hash,
        document=storyboard.document(),
        options=options,
        input_hash=fingerprint(storyboard.content_hash, options),
        forced=forced,
        estimated_cost=money.estimate(storyboard).total,
        metadata=metadata,
    )
    return place_once(job)


def generate(storyboard: Storyboard, options: Mapping[str, Any]) -> Job:
    """Order scenes, pictures or a soundtrack for a storyboard from its provider."""
    if (scene := options.get("scene")) and not storyboard.scenes.filter(pk=scene).exists():
        raise SceneNotFound(pointer="/scene")
    job = Job(
        kind=JobKind.GENERATE,
        owner=storyboard.owner,
        storyboard=storyboard,
        revision=storyboard.revision,
        options=dict(options),
        forced=True,
        input_hash=fingerprint(str(storyboard.pk), options),
    )
    return place(job)


def retry(job: Job) -> Job:
    """A new job for the same order as one that failed; it finds the good segments by their hashes."""
    if job.status not in (JobState.FAILED, JobState.CANCELED):
        raise WrongState(f"Only a failed or canceled job can be retried; this one is {job.status}.")
    require_approval(job)
    again = Job(
        kind=job.kind,
        owner=job.owner,
        storyboard=job.storyboard,
        revision=job.revision,
        content_hash=job.content_hash,
        document=job.document,
        options=job.options,
        input_hash=job.input_hash,
        forced=job.forced,
        estimated_cost=job.estimated_cost,
        metadata=job.metadata,
        retry_of=job,
    )
    return place_once(again)[0]


def require_approval(job: Job) -> None:
    """Raise NotApproved unless what the job renders may be rendered: a storyboard's film needs the approval of exactly
    what was ordered, all else is ordered by who wants it."""
    if job.kind != JobKind.STORYBOARD:
        return
    storyboard = job.storyboard
    if storyboard is None or not storyboard.is_approved or storyboard.content_hash != job.content_hash:
        raise NotApproved()


def cancel(job: Job) -> Job:
    """Cancel at once what is queued or waits; what runs stops at its next look. Ended jobs stay as they are."""
    job.request_cancel()
    job.refresh_from_db()
    return job


def place(job: Job) -> Job:
    with transaction.atomic():
        job.save(force_insert=True)
        job.ring()
    return job


def place_once(job: Job) -> tuple[Job, bool]:
    """The database decides which of two equal orders at the same moment becomes the job."""
    same = Job.objects.filter(storyboard=job.storyboard).same_order(job.input_hash)
    if not job.forced and (there := same.first()):
        return there, False
    try:
        return place(job), True
    except IntegrityError:
        if there := same.first():
            return there, False
        raise


def fingerprint(content: str, options: Mapping[str, Any]) -> str:
    """The hash of an order: its content and what was asked for."""
    text = json.dumps([content, options], sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
