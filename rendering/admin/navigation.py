"""The admin's sidebar: what a person does stands above what the machinery does."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from rendering.models import Storyboard
from rendering.states import StoryboardState

GROUPS: dict[str, list[tuple[str, str, str, str]]] = {
    "Review": [("Storyboards", "gallery_thumbnail", "rendering", "storyboard")],
    "Work": [
        ("Jobs", "movie_edit", "rendering", "job"),
        ("Segments", "view_week", "rendering", "segment"),
        ("Predictions", "auto_awesome", "rendering", "prediction"),
        ("Workers", "dns", "work", "worker"),
    ],
    "Library": [
        ("Media assets", "perm_media", "media_assets", "mediaasset"),
        ("Folders", "folder", "media_assets", "folder"),
    ],
    "Money": [("Campaigns", "savings", "rendering", "campaign")],
    "People": [
        ("Users", "person", "auth", "user"),
        ("Groups", "group", "auth", "group"),
        ("API keys", "key", "access", "apikey"),
    ],
}
"""Title, icon, app and model of each list."""


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups with what this user may see in them."""
    overview: dict[str, Any] = {"title": "Overview", "icon": "space_dashboard", "link": reverse("admin:index")}
    found: list[dict[str, Any]] = [{"items": [overview]}]
    for title, entries in GROUPS.items():
        items = [item(*entry) for entry in entries if may_see(request, *entry[2:])]
        if items:
            found.append({"title": title, "items": items})
        if title == "Review" and items and (waiting := count_waiting()):
            items[0] |= {"badge": waiting, "badge_variant": "warning"}
    return found


def item(title: str, icon: str, app: str, model: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse(f"admin:{app}_{model}_changelist")}


def may_see(request: HttpRequest, app: str, model: str) -> bool:
    return any(request.user.has_perm(f"{app}.{verb}_{model}") for verb in ("view", "change"))


def count_waiting() -> int:
    """Storyboards that wait for a decision."""
    return Storyboard.objects.filter(status=StoryboardState.IN_REVIEW).count()
