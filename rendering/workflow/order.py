"""Orders: a storyboard's render, a generation, a retry. Each writes one Job and rings the bell after the commit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Subquery

from rendering.exceptions import (
    NotApproved,
    NotTogether,
    Outdated,
    PriorityRefused,
    SceneNotFound,
    StoryboardGone,
    TooManyScenes,
    WrongState,
)
from rendering.models import Job, JobInput, Storyboard
from rendering.providers import registry
from rendering.states import JobKind, JobState
from rendering.workflow import assets, money, outputs, write
from rendering.workflow import document as documents
from videoserver.work import line
from videoserver.work.row import USUAL_PRIORITY

PRIORITY_HELP = f"0–9, higher goes first; {USUAL_PRIORITY} is usual, and more than that is for operators to give."


def render(
    storyboard: Storyboard, options: Mapping[str, Any] | None = None, by: User | None = None
) -> tuple[Job, bool]:
    """Order the film of an approved storyboard: (job, whether it is new).

    For the same content and options as a job that is queued, rendering or completed it is that job, unless
    `options["force"]`. Raises NotApproved, PriorityRefused, and whatever `write.require_renderable` raises;
    then nothing is queued.
    """
    options = dict(options or {})
    forced = bool(options.pop("force", False))
    metadata = options.pop("metadata", None) or {}
    priority = allowed_priority(by, options.pop("priority", USUAL_PRIORITY))
    if not storyboard.is_approved:
        raise NotApproved()
    write.require_renderable(storyboard)
    document = storyboard.document()
    valid = documents.validate(document, for_render=True)
    if documents.content_hash(valid) != storyboard.content_hash:
        raise Outdated()  # it was read while somebody wrote it
    outputs.require_room(valid, options)
    money.require_affordable(storyboard, options)
    job = Job(
        kind=JobKind.STORYBOARD,
        owner=storyboard.owner,
        storyboard=storyboard,
        revision=storyboard.revision,
        content_hash=storyboard.content_hash,
        document=document,
        ordered_by=by,
        options=options,
        input_hash=fingerprint(storyboard.content_hash, options),
        forced=forced,
        priority=priority,
        estimated_cost=money.estimate(storyboard).total,
        metadata=metadata,
    )
    return place_once(job)


def may_render(user: User, storyboard: Storyboard) -> bool:
    """Who may order a storyboard's film, whichever door they come through."""
    return user.pk == storyboard.owner_id or user.has_perm("rendering.add_job")


def generate(storyboard: Storyboard, options: Mapping[str, Any], by: User | None = None) -> Job:
    """Order scenes, pictures or a soundtrack for a storyboard from its provider; one such job at a time.

    Raises UnknownProvider, TooManyScenes, SceneNotFound, NotTogether, PriorityRefused, and WrongState while another
    generation is under way.
    """
    options = dict(options)
    priority = allowed_priority(by, options.pop("priority", USUAL_PRIORITY))
    provider = registry.get(options.get("provider") or storyboard.provider)
    if (options.get("scenes") or 0) > provider.most_scenes:
        raise TooManyScenes(
            f"The provider {provider.name} writes at most {provider.most_scenes} scenes.", pointer="/scenes"
        )
    if options.get("scene") and "text" in (options.get("only") or ()):
        raise NotTogether("Text is written for the whole storyboard, not for one scene.", pointer="/only")
    if (scene := options.get("scene")) and not storyboard.scenes.filter(pk=scene).exists():
        raise SceneNotFound(pointer="/scene")
    job = Job(
        kind=JobKind.GENERATE,
        owner=storyboard.owner,
        storyboard=storyboard,
        revision=storyboard.revision,
        options=options,
        forced=True,
        priority=priority,
        input_hash=fingerprint(str(storyboard.pk), options),
        ordered_by=by,
    )
    try:
        return place(job)
    except IntegrityError as error:
        require_storyboard(job)
        raise WrongState("The storyboard is being generated already.") from error


def retry(job: Job, by: User | None = None) -> Job:
    """A new job for the same order as one that failed; it finds the good segments by their hashes.

    A priority that only operators give is not inherited by whoever retries.
    """
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
        priority=job.priority if by and may_prioritize(by) else min(job.priority, USUAL_PRIORITY),
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
    if documents.content_hash(documents.validate(job.document)) != job.content_hash:
        raise NotApproved()  # the copy, too, must be what was looked at


def may_prioritize(user: User) -> bool:
    """Who may have work go before everybody else's."""
    return user.has_perm("rendering.prioritize_job")


def allowed_priority(by: User | None, priority: int) -> int:
    """The priority, if this person may order work with it: to go before everybody else is the operators' to give.

    Raises PriorityRefused.
    """
    if priority > USUAL_PRIORITY and not (by and may_prioritize(by)):
        raise PriorityRefused(pointer="/priority")
    return priority


def prioritize(job: Job, priority: int) -> Job:
    """Move a job that has not ended, with all that is under way for it, to its place among others of that priority."""
    with transaction.atomic():
        line.hold(job.owner_id)
        turn = line.turn_of(Job, priority, owner=job.owner_id)
        if not Job.objects.filter(pk=job.pk).live().update(priority=priority, turn=turn):
            raise WrongState(f"This job has ended: it is {job.status}.")
    # After the commit: children are locked before their parents everywhere. What the job hands out from now on has the
    # new place, and what it handed out before is there to be seen.
    present = Job.objects.filter(pk=job.pk)
    for children in job.children():
        children.filter(finished_at=None).update(
            priority=Subquery(present.values("priority")), turn=Subquery(present.values("turn"))
        )
    job.refresh_from_db()
    return job


def cancel(job: Job) -> Job:
    """Cancel at once what is queued or waits; what runs stops at its next look. Ended jobs stay as they are."""
    job.request_cancel()
    job.refresh_from_db()
    return job


def place(job: Job) -> Job:
    with transaction.atomic():
        line.hold(job.owner_id)
        job.turn = line.turn_of(Job, job.priority, owner=job.owner_id)
        job.save(force_insert=True)
        if job.kind != JobKind.GENERATE:
            keep_inputs(job)
        job.ring()
    return job


def keep_inputs(job: Job) -> None:
    """Name the assets that the job needs, so that nobody deletes them under it."""
    used = assets.resolve(job.document, job.owner).values()
    JobInput.objects.bulk_create(JobInput(job=job, asset_id=pk) for pk in {asset.pk for asset in used})
    # Now nobody deletes them any more; one that was deleted just before is told as if it had never been there.
    assets.resolve(job.document, job.owner)


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
        require_storyboard(job)
        raise


def require_storyboard(job: Job) -> None:
    """Raise StoryboardGone if the job's storyboard was deleted since it was read."""
    if job.storyboard_id and not Storyboard.objects.filter(pk=job.storyboard_id).exists():
        raise StoryboardGone()


def fingerprint(content: str, options: Mapping[str, Any]) -> str:
    """The hash of an order: its content and what was asked for."""
    text = json.dumps([content, options], sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
