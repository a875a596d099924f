"""Jobs, their inputs and their results."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from rendering.models.campaign import currency
from rendering.models.storyboard import Storyboard
from rendering.states import LIVE, RUN_HERE, JobKind, JobState, Stage
from videoserver.work.row import WorkQuerySet, WorkRow, work_constraints


class JobQuerySet(WorkQuerySet):
    def claimable(self) -> JobQuerySet:
        """Not those of a kind that only newer code can run: amid a deployment they wait for newer workers."""
        rows: JobQuerySet = super().claimable()
        return rows.filter(kind__in=RUN_HERE)

    def for_newer_code(self) -> JobQuerySet:
        """Those under way that this code can't run."""
        return self.live().exclude(kind__in=RUN_HERE)

    def for_user(self, user: User) -> JobQuerySet:
        """A user's own; staff see all."""
        return self if getattr(user, "is_staff", False) else self.filter(owner_id=user.pk)

    def same_order(self, input_hash: str) -> JobQuerySet:
        """Jobs of the same content and options that are under way or done."""
        return self.filter(input_hash=input_hash, forced=False, status__in=(*LIVE, JobState.COMPLETED))

    def ahead_of(self, job: Job) -> JobQuerySet:
        """Those that wait and are begun before it."""
        before = Q(turn__lt=job.turn) | Q(turn=job.turn, created_at__lt=job.created_at)
        waiting = self.filter(status=JobState.QUEUED)
        return waiting.filter(Q(priority__gt=job.priority) | Q(priority=job.priority) & before)


class Job(WorkRow):
    """One order of work with a result. It renders the copy of the document that it was ordered with."""

    RUNNING = "rendering"
    TASK = "rendering.tasks.run_job"
    QUEUE = "default"
    LINE = "jobs"
    PARTS = ("segments", "predictions")
    State = JobState

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jobs")
    kind = models.CharField(max_length=20, choices=JobKind.choices)
    storyboard = models.ForeignKey(Storyboard, on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs")
    revision = models.PositiveIntegerField(null=True, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    document = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    forced = models.BooleanField(default=False)
    retry_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="retries")
    stage = models.CharField(max_length=20, choices=Stage.choices, blank=True)
    message = models.CharField(max_length=200, blank=True)
    estimated_cost = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    actual_cost = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, default=currency)
    warnings = models.JSONField(default=list, blank=True)
    quality = models.JSONField(default=dict, blank=True)
    captions = models.JSONField(default=list, blank=True, help_text="The cues of its sidecars: {start, end, text}.")
    poster = models.ForeignKey(
        "media_assets.MediaAsset", on_delete=models.PROTECT, null=True, blank=True, related_name="poster_of"
    )
    metadata = models.JSONField(default=dict, blank=True)
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    seconds_allowed = models.FloatField(null=True, blank=True, help_text="From the first segment's start to the end.")

    objects: ClassVar[JobQuerySet] = JobQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(WorkRow.Meta):
        ordering = ["-created_at"]
        permissions = [("prioritize_job", "Can say which jobs go first")]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["-created_at"]),
            models.Index(fields=["owner", "priority", "turn"], name="job_owners_turn", condition=Q(finished_at=None)),
        ]
        constraints = [
            *work_constraints("job", running="rendering"),
            models.CheckConstraint(condition=Q(kind__in=JobKind.values), name="job_kind_is_known"),
            models.UniqueConstraint(
                fields=["storyboard", "input_hash"],
                condition=Q(forced=False, status__in=(*LIVE, JobState.COMPLETED)),
                name="job_same_order_once",
            ),
            models.UniqueConstraint(
                fields=["storyboard"],
                condition=Q(kind=JobKind.GENERATE, status__in=LIVE),
                name="job_one_generation_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.storyboard.title}" if self.storyboard else str(self.pk)

    def late(self) -> tuple[str, str]:
        """A direct order has a limit of its own, and its own words for it."""
        if self.kind == JobKind.TEMPLATE:
            code, sentence = "processing_timeout", "Processing timed out"
            return code, sentence
        return super().late()

    def enter(self, stage: Stage, message: str) -> None:
        """Say what the run does now. Raises what should stop it."""
        self.stage, self.message = stage, message
        self._hold(stage=stage, message=message)

    def keep(self, **fields: Any) -> None:
        """Write what the run has found out. Raises what should stop it."""
        self._hold(**fields)
        for name, value in fields.items():
            setattr(self, name, value)

    def start_clock(self) -> None:
        """Its time runs from when its work begins, not from when it began to wait in a queue."""
        if self.deadline_at is None and self.seconds_allowed is not None:
            late = Now() + timedelta(seconds=self.seconds_allowed)
            Job.objects.filter(pk=self.pk, deadline_at=None).live().update(deadline_at=late)

    def when_ended(self) -> None:
        """From now on its inputs may be deleted."""
        self.inputs.all().delete()

    @classmethod
    def warn(cls, pk: UUID, sentence: str) -> None:
        """Add a sentence to a job's warnings, once, whoever else does at the same time."""
        with transaction.atomic():
            # A write first: it holds the row until the commit, so that no other sentence is lost.
            cls.objects.filter(pk=pk).update(updated_at=Now())
            kept = cls.objects.filter(pk=pk).values_list("warnings", flat=True).first() or []
            if sentence not in kept:
                cls.objects.filter(pk=pk).update(warnings=[*kept, sentence])


class JobInput(models.Model):
    """An asset that a job under way needs: nobody deletes it before the job has ended."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="inputs")
    asset = models.ForeignKey("media_assets.MediaAsset", on_delete=models.PROTECT, related_name="job_inputs")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "asset"], name="job_input_once")]

    def __str__(self) -> str:
        return f"{self.asset_id} for {self.job_id}"


class JobResult(models.Model):
    """A file that a job made: a film, a variant of it, a picture."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="results")
    asset = models.ForeignKey("media_assets.MediaAsset", on_delete=models.PROTECT, related_name="job_results")
    name = models.CharField(max_length=100, default="final.mp4", help_text="Under which it is found among the files.")
    aspect_ratio = models.CharField(max_length=10, blank=True)
    format = models.CharField(max_length=10)
    duration = models.FloatField(null=True)
    frames = models.PositiveIntegerField(null=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="result_name_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.job_id}"
