"""Segments: the parts of a job's film that are rendered one by one, by whoever is free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from rendering.models import render_cluster
from rendering.models.job import Job
from videoserver.work import canary, here
from videoserver.work.row import WorkQuerySet, WorkRow, WorkState, work_constraints


class SegmentQuerySet(WorkQuerySet):
    def claimable(self) -> SegmentQuerySet:
        """For a worker of the render cluster not those that it may not try again."""
        rows: SegmentQuerySet = super().claimable()
        return rows if here.queue() in ("", Segment.QUEUE) else rows.filter(here_only=False)


class Segment(WorkRow):
    """A run of frames of a job's timeline that is rendered, hashed, cached and joined on its own."""

    TASK = "rendering.tasks.run_segment"
    QUEUE = render_cluster.HERE
    LINE = Job.LINE

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="segments")
    index = models.PositiveIntegerField()
    variant = models.PositiveSmallIntegerField(default=0, help_text="Which of the order's aspect ratios, from 0.")
    key = models.CharField(max_length=64, help_text="The hash of everything that changes a pixel.")
    kind = models.CharField(max_length=20)
    scenes = models.JSONField(default=list, help_text="Positions of the scenes it shows.")
    first = models.PositiveIntegerField(help_text="Its first frame in the film.")
    frames = models.PositiveIntegerField()
    spec = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    warnings = models.JSONField(
        default=list, blank=True, help_text="What to know of it: [place of the scene, sentence]."
    )
    cached = models.BooleanField(default=False, help_text="Found in the cache, not rendered for this job.")
    rendered_by = models.CharField(max_length=200, blank=True, help_text="The name of the worker.")
    queue = models.CharField(max_length=100, default=render_cluster.HERE, help_text="Where it was rung last.")
    here_only = models.BooleanField(default=False, help_text="What the render cluster sent was damaged, twice.")
    stored = models.CharField(max_length=200, blank=True, help_text="Its key in the storage, for other machines.")

    objects: ClassVar[SegmentQuerySet] = SegmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(WorkRow.Meta):
        ordering = ["index"]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["key"], name="segment_stored", condition=~Q(stored="")),
            models.Index(
                fields=["-finished_at"],
                name="segment_speed",
                condition=Q(status=WorkState.COMPLETED, cached=False),
            ),
        ]
        constraints = [
            *work_constraints("segment"),
            models.UniqueConstraint(fields=["job", "index"], name="segment_index_once"),
            models.CheckConstraint(condition=Q(frames__gte=1), name="segment_has_frames"),
        ]

    def __str__(self) -> str:
        return f"Segment {self.index + 1} of {self.job_id}"

    def parent(self) -> WorkRow | None:
        return self.job

    def bell(self) -> str:
        """The render cluster's queue while it lives; a job whose segment moves away from there says so."""
        queue = self.QUEUE if self.here_only else render_cluster.queue()
        if queue != self.queue:
            Segment.objects.filter(pk=self.pk).update(queue=queue)
            if queue == self.QUEUE and not self.here_only:
                Job.warn(self.job_id, render_cluster.fallback())
            self.queue = queue
        return queue

    @classmethod
    def bells(cls) -> Mapping[str, Q]:
        """The workers' here, and the render cluster's."""
        return {queue: Q(queue=queue) for queue in (cls.QUEUE, settings.RENDER_CLUSTER) if queue}

    @classmethod
    def stranded(cls) -> Q:
        """Those in the queue of a cluster that is silent, or here where nobody serves while the cluster does."""
        rung = cls.objects.live().order_by().values_list("queue", flat=True).distinct()
        now = render_cluster.queue()
        return Q(queue__in=[queue for queue in rung if queue != now and not canary.alive(queue)], here_only=False)
