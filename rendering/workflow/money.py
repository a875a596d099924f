"""What work costs: estimated before, compared and recorded after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings
from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from rendering.exceptions import BudgetExceeded
from rendering.models import Campaign, Job, Storyboard
from rendering.states import LIVE

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Estimate:
    """`lines`: {scene, model, quantity, unit, amount, cached}."""

    total: Decimal
    currency: str
    lines: list[dict[str, Any]] = field(default_factory=list)


def estimate(storyboard: Storyboard) -> Estimate:
    """What a render of the storyboard would cost now. Rendering on this server costs nothing."""
    lines = [
        {
            "scene": str(scene.pk),
            "model": "local/render",
            "quantity": str(scene.duration),
            "unit": "second",
            "amount": "0.00",
            "cached": False,
        }
        for scene in storyboard.scenes.all()
    ]
    return Estimate(total=Decimal("0.00"), currency=settings.CURRENCY, lines=lines)


def require_affordable(storyboard: Storyboard, options: Mapping[str, Any]) -> None:
    """Raise BudgetExceeded when the order would go over its own cap or its campaign's budget."""
    total = estimate(storyboard).total
    cap = options.get("cost_cap")
    if cap is not None and total > Decimal(str(cap)):
        raise BudgetExceeded(f"This would exceed the cap of this order by {total - Decimal(str(cap))}")
    if (campaign := storyboard.campaign) and total > available(campaign):
        raise BudgetExceeded(f"This would exceed the budget of {campaign.name} by {total - available(campaign)}")


def reserved(campaign: Campaign) -> Decimal:
    """What its jobs under way are estimated to cost."""
    return amount(campaign, "estimated_cost", Q(status__in=LIVE))


def spent(campaign: Campaign) -> Decimal:
    return amount(campaign, "actual_cost", Q(actual_cost__isnull=False))


def available(campaign: Campaign) -> Decimal:
    return campaign.budget - reserved(campaign) - spent(campaign)


def with_sums(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """The same three sums as columns `reserved`, `spent` and `available`, for many campaigns in one query."""

    def column(name: str, which: Q) -> Coalesce:
        jobs = Job.objects.filter(which, storyboard__campaign=OuterRef("pk")).order_by()
        sums = jobs.values("storyboard__campaign").annotate(sum=Sum(name)).values("sum")
        return Coalesce(Subquery(sums), Decimal("0.00"), output_field=DecimalField())

    sums = campaigns.annotate(
        reserved=column("estimated_cost", Q(status__in=LIVE)),
        spent=column("actual_cost", Q(actual_cost__isnull=False)),
    )
    return sums.annotate(available=F("budget") - F("reserved") - F("spent"))


def amount(campaign: Campaign, column: str, which: Q) -> Decimal:
    found = Job.objects.filter(which, storyboard__campaign=campaign).aggregate(sum=Sum(column))["sum"]
    return found or Decimal("0.00")


def settle(job: Job) -> Decimal:
    """The job's actual cost: what its predictions cost, rounded to cents; a variance over the threshold is logged."""
    total = job.predictions.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    actual = Decimal(total).quantize(Decimal("0.01"))
    logger.info(f"Job {job.pk}: Cost - Estimated: ${job.estimated_cost:.2f}, Actual: ${actual:.2f}")
    if actual > job.estimated_cost * Decimal(str(settings.COST_VARIANCE_THRESHOLD)):
        logger.warning(f"Job {job.pk}: Cost variance - Estimated: ${job.estimated_cost:.2f}, Actual: ${actual:.2f}")
    return actual
