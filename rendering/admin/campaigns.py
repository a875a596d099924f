"""Campaigns in the admin: the budget and what is left of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from rendering.exceptions import RenderingError
from rendering.models import Campaign
from rendering.workflow import money, remove
from videoserver.web.admin import BaseAdmin


@admin.register(Campaign)
class CampaignAdmin(BaseAdmin):
    """Who may spend how much."""

    list_display = ["name", "owner", "budget_of", "reserved", "spent", "available", "created_at"]
    search_fields = ["name", "owner__username"]
    list_select_related = ["owner"]
    readonly_fields = ["owner", "reserved", "spent", "available", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": ["name", "owner"]}),
        ("Money", {"fields": ["budget", "currency", "monthly_cap", "per_job_cap", "reserved", "spent", "available"]}),
        ("Dates", {"fields": ["created_at", "updated_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        return money.with_sums(super().get_queryset(request))

    def get_actions(self, request: HttpRequest) -> Any:
        """Nothing is deleted in bulk."""
        return {}

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        if not change:
            obj.owner = request.user  # type: ignore[assignment]  # the admin lets nobody in who is not logged in
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Campaign) -> None:
        remove.campaign(obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except RenderingError as error:
            messages.error(request, error.detail)
            return HttpResponseRedirect(reverse("admin:rendering_campaign_change", args=[object_id]))

    @admin.display(description="Budget", ordering="budget")
    def budget_of(self, campaign: Campaign) -> str:
        return amount(campaign, "budget")

    @admin.display(description="Reserved", ordering="reserved")
    def reserved(self, campaign: Campaign) -> str:
        return amount(campaign, "reserved")

    @admin.display(description="Spent", ordering="spent")
    def spent(self, campaign: Campaign) -> str:
        return amount(campaign, "spent")

    @admin.display(description="Left", ordering="available")
    def available(self, campaign: Campaign) -> str:
        return amount(campaign, "available")


def amount(campaign: Campaign, column: str) -> str:
    """A sum that the list's query brought along; a new campaign has none yet."""
    return f"{getattr(campaign, column, 0):.2f} {campaign.currency}"
