"""Answers that are kept for Idempotency-Key."""

import uuid

from django.conf import settings
from django.db import models


class KeptAnswer(models.Model):
    """One key of one caller: at first in flight, then with the answer that every repetition gets."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    run = models.UUIDField(default=uuid.uuid4)
    lease_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="one_answer_per_key")]
        indexes = [models.Index(fields=["owner", "created_at"], name="kept_answers_by_age")]

    def __str__(self) -> str:
        return f"{self.key}: {self.status or 'in flight'}"
