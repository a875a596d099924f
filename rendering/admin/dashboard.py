"""The admin's first page: what waits for a decision, what is under way, and the last films."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from rendering.admin import bars
from rendering.models import AssetUse, Job, JobResult, Storyboard
from rendering.states import LIVE, StoryboardState
from rendering.workflow.outputs import FILM

SHOWN = 8


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what this user may see."""
    user = request.user
    context["title"] = "Overview"
    if user.has_perm("rendering.view_storyboard"):
        waiting = Storyboard.objects.filter(status=StoryboardState.IN_REVIEW)
        context |= {
            "waiting": with_pictures(list(waiting.select_related("owner").order_by("updated_at")[:SHOWN])),
            "waiting_total": waiting.count(),
            "may_write": user.has_perm("rendering.add_storyboard"),
        }
    if user.has_perm("rendering.view_job"):
        live = Job.objects.filter(status__in=LIVE).select_related("storyboard").order_by("created_at")
        films = JobResult.objects.filter(name=FILM).select_related("asset", "job__storyboard")
        context |= {
            "live": bars.shown(live[:SHOWN]),
            "live_total": live.count(),
            "films": films.defer("job__document").order_by("-pk")[:SHOWN],
        }
    return context


def with_pictures(storyboards: list[Storyboard]) -> list[tuple[Storyboard, str]]:
    """Each with the thumbnail of its first picture."""
    uses = AssetUse.objects.filter(storyboard__in=storyboards, scene__isnull=False).exclude(asset__thumbnail_key="")
    first: dict[Any, str] = {}
    for use in uses.select_related("asset").order_by("scene__position"):
        first.setdefault(use.storyboard_id, use.asset.thumbnail_url or "")
    return [(storyboard, first.get(storyboard.pk, "")) for storyboard in storyboards]
