"""Where the admin's pages are, and what they say."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.messages import get_messages
from django.urls import reverse

from rendering.models import Job, Storyboard

LIST = "/admin/rendering/storyboard/"
ADD = LIST + "add/"
JOBS = "/admin/rendering/job/"


def page(thing: Storyboard | Job) -> str:
    return reverse(f"admin:rendering_{thing._meta.model_name}_change", args=[thing.pk])


def deed(thing: Storyboard | Job, name: str) -> str:
    return reverse(f"admin:rendering_{thing._meta.model_name}_{name}", args=[thing.pk])


def told(response: Any) -> str:
    """What the next page will say about it."""
    return [str(message) for message in get_messages(response.wsgi_request)][-1]


def typed(document: dict[str, Any], revision: int | None = None, **changes: Any) -> dict[str, Any]:
    """The editor's form filled in with a document."""
    plain = {"aspect_ratio": "16:9", "quality": "draft", "captions": "burned", "provider": "local", "fallback": "none"}
    plain |= {"video_path": "timeline", "fps": 30, "loudness_lufs": -14, "metadata": "{}"}
    filled = plain | document | changes
    filled["revision"] = "" if revision is None else revision
    return {
        name: json.dumps(value) if isinstance(value, dict | list) else value
        for name, value in filled.items()
        if value is not None
    }
