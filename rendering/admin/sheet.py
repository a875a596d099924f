"""What the storyboard's page shows: the scenes as pictures, what stands in the way, the decision, the history."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.http import HttpRequest

from media_assets.models import MediaAsset
from rendering.admin import bars
from rendering.engine.timeline import whole_frames
from rendering.models import Storyboard
from rendering.models.storyboard import words
from rendering.states import LIVE, JobKind
from rendering.video_templates import catalogue
from rendering.workflow import assets, money, order
from rendering.workflow import document as documents
from rendering.workflow.frame_size import frame_rate

JOBS_SHOWN = 6


def of(request: HttpRequest, storyboard: Storyboard) -> dict[str, Any]:
    """The template's words for one storyboard."""
    document = storyboard.document()
    width, height = documents.size(document)
    approval = storyboard.approval
    problems = obstacles(document)
    return {
        "storyboard": storyboard,
        "cards": cards(document, problems),
        "problems": problems,
        "width": width,
        "height": height,
        "tile": tile(width, height),
        "fps": frame_rate(document["fps"], document["quality"]),
        "seconds": documents.duration(document),
        "estimate": money.estimate(storyboard),
        "approval": approval,
        "stale": approval is not None and not storyboard.is_approved,
        "reviews": storyboard.reviews.select_related("reviewer"),
        "jobs": bars.shown(storyboard.jobs.order_by("-created_at")[:JOBS_SHOWN]),
        "generating": storyboard.jobs.filter(kind=JobKind.GENERATE, status__in=LIVE).exists(),
        "may_decide": request.user.has_perm("rendering.approve_storyboard"),
        "may_render": order.may_render(cast(User, request.user), storyboard),
        "may_see_jobs": request.user.has_perm("rendering.view_job"),
    }


def tile(width: int, height: int) -> dict[str, int]:
    """Pixels of a card's picture, as wide as review.css lays cards, and twice as many for dense screens."""
    across = 180 if height > width else 200 if height == width else 240
    return {"single": across, "double": 2 * across}


def obstacles(document: dict[str, Any]) -> dict[int | None, list[str]]:
    """What would stop a render, by the scene's position; None is the storyboard itself."""
    found: dict[int | None, list[str]] = {}
    try:
        documents.validate(document, for_render=True)
    except documents.DocumentInvalid as error:
        for problem in error.errors:
            found.setdefault(position_in(problem["pointer"]), []).append(problem["detail"])
        if error.more:
            found.setdefault(None, []).append(error.more)
    return found


def position_in(pointer: str) -> int | None:
    match pointer.split("/"):
        case ["", "scenes", number, *_]:
            return int(number)
    return None


def cards(document: dict[str, Any], problems: dict[int | None, list[str]]) -> list[dict[str, Any]]:
    """Each scene with its time in the film, and the moment that shows it best: the middle of what is only its own."""
    references = references_of(document)
    ids = {parsed for each in references if (parsed := assets.as_uuid(each.asset))}
    library = {str(asset.pk): asset for asset in MediaAsset.objects.filter(pk__in=ids)}
    used: dict[int | None, list[MediaAsset]] = {}
    for each in references:
        if each.asset in library:
            used.setdefault(position_in(each.pointer), []).append(library[each.asset])
    fps = frame_rate(document["fps"], document["quality"])
    scenes, found, start = document["scenes"], [], 0
    ways_in = [whole_frames((scene["transition"] or {}).get("duration", 0), fps) for scene in scenes]
    overlaps = [0, *ways_in[1:], 0]
    for at, scene in enumerate(scenes):
        frames = whole_frames(scene["duration"], fps)
        start -= overlaps[at]
        found.append(
            {
                "number": at + 1,
                "scene": scene,
                "template": template_label(scene["template"]),
                "seconds": f"{scene['duration']:g}",
                "start": start / fps,
                "middle": (start + (overlaps[at] + frames - overlaps[at + 1]) / 2) / fps,
                "way_in": way_in(scene) if at else "",
                "narration": library.get(scene["narration"] or ""),
                "params": [(words(name), shown(value, library)) for name, value in scene["params"].items() if value],
                "thumbnail": next((asset.thumbnail_url for asset in used.get(at, ()) if asset.thumbnail_url), ""),
                "problems": problems.get(at, []),
            }
        )
        start += frames
    return found


def way_in(scene: dict[str, Any]) -> str:
    transition = scene["transition"]
    return f"{words(transition['kind'])} {transition['duration']:g}\N{NO-BREAK SPACE}s" if transition else ""


def references_of(document: dict[str, Any]) -> list[documents.AssetReference]:
    """None while a template is unknown: the page must open all the same, to say so."""
    try:
        return documents.asset_references(document)
    except catalogue.UnknownTemplate:
        return []


def template_label(name: str) -> str:
    try:
        return catalogue.get(name).label()
    except catalogue.UnknownTemplate:
        return name


def shown(value: Any, library: dict[str, MediaAsset]) -> str:
    """A parameter as a person reads it."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {shown(inner, library)}" for name, inner in value.items() if inner)
    if isinstance(value, list):
        return " · ".join(shown(item, library) for item in value)
    asset = library.get(value) if isinstance(value, str) else None
    return asset.name if asset else f"{value:g}" if isinstance(value, float) else str(value)
