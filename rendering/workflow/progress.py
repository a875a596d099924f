"""How far a job is, derived from its segments and predictions: real counts and a finish time from measured speed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from rendering.models import Job, Segment
from rendering.states import JobKind, JobState, Stage
from rendering.workflow import outputs
from videoserver.work.row import WorkState

SHARE_BEFORE_JOIN = 0.9
"""Of a film's `fraction`, what its segments are; the rest is sound, joining, checking and saving."""
STAGE_FRACTION = {Stage.COMBINING: 0.92, Stage.CHECKING: 0.96, Stage.SAVING: 0.98}
SHARE_BEFORE_CONVERSIONS = 0.5
"""Of a film that is made into other formats, or made to fit: until all that has begun."""


def of(job: Job, usual_speed: Callable[[], float] | None = None) -> dict[str, Any]:
    """The job's `progress` as the API gives it. A list gives `usual_speed`, to measure once for all its jobs."""
    if job.kind == JobKind.GENERATE:
        return generation(job)
    segments = list(job.segments.all())
    total = scenes_total(job)
    done = scenes_completed(segments, total)
    fraction = 1.0 if job.status == JobState.COMPLETED else film_fraction(job, segments)
    completed = total if job.status == JobState.COMPLETED else len(done)
    return {
        "current_stage": job.stage or job.status,
        "scenes_total": total,
        "scenes_completed": completed,
        "current_scene": min(completed + 1, total) if job.status == JobState.RENDERING else None,
        "fraction": round(fraction, 4),
        "estimated_completion_seconds": seconds_left(job, segments, usual_speed or measured_speed),
        "message": job.message,
    }


class Conversions:
    """How far the work after the join is: each conversion counts the same, and none goes back when it tries again."""

    def __init__(self, count: int) -> None:
        self.count, self.number, self.share, self.began = count, -1, 0.0, 0.0

    def begin(self) -> None:
        """The next one."""
        self.number += 1
        self.began = self.began or time.monotonic()

    def heard(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """The job's progress after a report of the child, {"converted": 0…1, "seconds": so far}."""
        if not event.get("total"):
            return None
        self.share = max(self.share, (self.number + min(event["done"] / event["total"], 1.0)) / self.count)
        return {"converted": round(self.share, 4), "seconds": round(time.monotonic() - self.began, 1)}


def converted(job: Job) -> float:
    """How much of the work after the join is done, 0…1."""
    return float(job.progress.get("converted", 0.0)) if job.stage == Stage.COMBINING else 0.0


def scenes_total(job: Job) -> int:
    return len(job.document.get("scenes") or [])


def scenes_completed(segments: list[Segment], total: int) -> set[int]:
    """Positions of the scenes all of whose segments are rendered."""
    open_scenes = {scene for segment in segments if segment.status != WorkState.COMPLETED for scene in segment.scenes}
    shown = {scene for segment in segments for scene in segment.scenes}
    return {scene for scene in shown - open_scenes if scene < total}


def frames_done(segment: Segment) -> int:
    if segment.status == WorkState.COMPLETED:
        return segment.frames
    return min(int((segment.progress or {}).get("frames_done", 0)), segment.frames)


def film_fraction(job: Job, segments: list[Segment]) -> float:
    more = bool(outputs.conversions(job.options))
    if more and job.stage != Stage.SAVING:
        most = SHARE_BEFORE_CONVERSIONS
        if done := converted(job):
            return most + (STAGE_FRACTION[Stage.SAVING] - most) * done
    else:
        most = 1.0
    if job.stage in STAGE_FRACTION:
        return most * STAGE_FRACTION[Stage(job.stage)]
    frames = sum(segment.frames for segment in segments)
    return most * SHARE_BEFORE_JOIN * sum(map(frames_done, segments)) / frames if frames else 0.0


def seconds_left(job: Job, segments: list[Segment], usual_speed: Callable[[], float]) -> float | None:
    """From the speed of this job so far, or of the last segments rendered; None while nothing was measured."""
    if job.has_ended:
        return 0.0 if job.status == JobState.COMPLETED else None
    if done := converted(job):
        return round(float(job.progress["seconds"]) * (1 - done) / done, 1)
    left = sum(segment.frames - frames_done(segment) for segment in segments if segment.status != WorkState.COMPLETED)
    rendered = [segment for segment in segments if segment.started_at and not segment.cached]
    frames = sum(map(frames_done, rendered))
    begun = min((segment.started_at for segment in rendered if segment.started_at), default=None)
    if frames and begun:
        elapsed = max((timezone.now() - begun).total_seconds(), 0.001)
        return round(left / (frames / elapsed), 1)
    speed = usual_speed()
    return round((left if segments else planned_frames(job)) / speed, 1) if speed else None


def planned_frames(job: Job) -> int:
    fps = int(job.document.get("fps") or 30)
    return round(sum(float(scene["duration"]) for scene in job.document.get("scenes") or []) * fps)


def measured_speed() -> float:
    """Frames a second over the last 20 segments that were rendered."""
    last = Segment.objects.filter(status=WorkState.COMPLETED, cached=False, started_at__isnull=False)
    times = [
        (segment.frames, (segment.finished_at - segment.started_at).total_seconds())
        for segment in last.order_by("-finished_at")[:20]
        if segment.finished_at and segment.started_at
    ]
    return sum(frames for frames, _ in times) / max(sum(seconds for _, seconds in times), 0.001) if times else 0.0


def generation(job: Job) -> dict[str, Any]:
    """Predictions count as scenes do: how many things were asked for, how many are there."""
    predictions = list(job.predictions.all())
    total = len(predictions)
    done = sum(prediction.status == WorkState.COMPLETED for prediction in predictions)
    ended = job.status == JobState.COMPLETED
    return {
        "current_stage": job.stage or job.status,
        "scenes_total": total,
        "scenes_completed": done,
        "current_scene": min(done + 1, total) if job.status == JobState.RENDERING and total else None,
        "fraction": 1.0 if ended else round(0.95 * done / total, 4) if total else 0.0,
        "estimated_completion_seconds": 0.0 if ended else None,
        "message": job.message,
    }
