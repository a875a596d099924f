"""Campaigns: budgets that storyboards share."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import mixins, serializers
from rest_framework.exceptions import ValidationError

from rendering.api.bodies import StrictKeys
from rendering.api.schema import links, shaped
from rendering.models import Campaign
from rendering.workflow import money, remove
from videoserver.web.filters import ApiFilterSet
from videoserver.web.views import ApiViewSet


class CampaignSerializer(StrictKeys, serializers.ModelSerializer[Campaign]):
    """A campaign with what its jobs cost."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    reserved = serializers.DecimalField(max_digits=12, decimal_places=2, read_only=True)
    spent = serializers.DecimalField(max_digits=12, decimal_places=2, read_only=True)
    available = serializers.DecimalField(max_digits=12, decimal_places=2, read_only=True)
    urls = serializers.SerializerMethodField()

    class Meta:
        model = Campaign
        fields = [
            "id",
            "owner",
            "name",
            "budget",
            "currency",
            "monthly_cap",
            "per_job_cap",
            "reserved",
            "spent",
            "available",
            "created_at",
            "updated_at",
            "urls",
        ]

    def validate_currency(self, value: str) -> str:
        """Amounts are added up, so there is one currency."""
        if value != settings.CURRENCY:
            raise ValidationError(f"This server counts in {settings.CURRENCY}.", "invalid_choice")
        return value

    @shaped(links("self", "storyboards", "jobs"))
    def get_urls(self, campaign: Campaign) -> dict[str, str]:
        """Where to go from here."""
        return {
            "self": reverse("campaign-detail", args=[campaign.pk]),
            "storyboards": f"{reverse('storyboard-list')}?campaign={campaign.pk}",
            "jobs": f"{reverse('job-list')}?campaign={campaign.pk}",
        }


class CampaignFilter(ApiFilterSet):
    """What campaigns can be filtered by."""

    class Meta:
        model = Campaign
        fields: list[str] = []


class CampaignViews(
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    ApiViewSet,
):
    """Campaigns. Reads add what is `reserved` by jobs under way, what was `spent`, and what is `available`."""

    queryset = Campaign.objects.all()
    serializer_class = CampaignSerializer
    lookup_value_converter = "uuid"
    filterset_class = CampaignFilter
    search_fields = ["name"]
    orderings = ("created_at", "updated_at", "name")

    def get_queryset(self) -> QuerySet[Campaign]:
        """With the sums, in the same query."""
        return money.with_sums(super().get_queryset().select_related("owner"))

    def perform_create(self, serializer: serializers.BaseSerializer[Campaign]) -> None:
        """Whoever makes it owns it."""
        made = serializer.save(owner=self.request.user)
        serializer.instance = self.get_queryset().get(pk=made.pk)

    def perform_update(self, serializer: serializers.BaseSerializer[Campaign]) -> None:
        """The answer shows what is left of the new budget."""
        changed = serializer.save()
        serializer.instance = self.get_queryset().get(pk=changed.pk)

    def perform_destroy(self, instance: Campaign) -> None:
        """Its storyboards stay."""
        remove.campaign(instance)

    def get_success_headers(self, data: Any) -> dict[str, str]:
        return {"Location": data["urls"]["self"]}
