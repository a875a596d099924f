"""Campaigns in the admin: the budget and what is left of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from rendering.models import Campaign
from rendering.workflow import money
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

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        if not change:
            obj.owner = request.user  # type: ignore[assignment]  # the admin lets nobody in who is not logged in
        super().save_model(request, obj, form, change)

    @admin.display(description="Budget", ordering="budget")
    def budget_of(self, campaign: Campaign) -> str:
        return f"{campaign.budget} {campaign.currency}"

    def reserved(self, campaign: Campaign) -> str:
        return f"{money.reserved(campaign)} {campaign.currency}"

    def spent(self, campaign: Campaign) -> str:
        return f"{money.spent(campaign)} {campaign.currency}"

    def available(self, campaign: Campaign) -> str:
        return f"{money.available(campaign)} {campaign.currency}"
