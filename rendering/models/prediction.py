"""Predictions: calls to a provider, each a durable row."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, TextChoices

from rendering.models.campaign import currency
from rendering.models.job import Job
from videoserver.work.row import WorkRow, work_constraints


class PredictionKind(TextChoices):
    IMAGE = "image"
    CLIP = "clip"
    SOUNDTRACK = "soundtrack"


class Prediction(WorkRow):
    """One call to a provider and what it made. The local provider's cost nothing."""

    TASK = "rendering.tasks.run_prediction"
    QUEUE = "default"
    LINE = Job.LINE

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="predictions")
    provider = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, choices=PredictionKind.choices)
    model = models.CharField(max_length=100, blank=True)
    scene = models.UUIDField(null=True, blank=True, help_text="The scene that it is made for.")
    inputs = models.JSONField(default=dict)
    quantity = models.DecimalField(max_digits=12, decimal_places=3, default=0)
    unit = models.CharField(max_length=20, blank=True)
    amount = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    currency = models.CharField(max_length=3, default=currency)
    asset = models.ForeignKey(
        "media_assets.MediaAsset", on_delete=models.PROTECT, null=True, blank=True, related_name="predictions"
    )

    class Meta(WorkRow.Meta):
        ordering = ["created_at"]
        constraints = [
            *work_constraints("prediction"),
            models.CheckConstraint(condition=Q(kind__in=PredictionKind.values), name="prediction_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.provider}"

    def parent(self) -> WorkRow | None:
        return self.job
