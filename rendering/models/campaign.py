"""Campaigns: groups of storyboards with a budget."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.models import User
from django.core.validators import MinValueValidator
from django.db import models


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def for_user(self, user: User) -> CampaignQuerySet:
        """A user's own; staff see all."""
        return self if getattr(user, "is_staff", False) else self.filter(owner_id=user.pk)


def currency() -> str:
    """The server's currency, read late so that migrations do not hold it."""
    return str(settings.CURRENCY)


class Campaign(models.Model):
    """A group of storyboards that share a budget."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="campaigns")
    name = models.CharField(max_length=200)
    budget = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0)],
        help_text="All that may be spent on its storyboards.",
    )
    currency = models.CharField(max_length=3, default=currency)
    monthly_cap = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    per_job_cap = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=models.Q(budget__gte=0), name="campaign_budget_not_negative")]

    def __str__(self) -> str:
        return self.name
