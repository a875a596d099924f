"""The human gate: submit, approve, reject, request changes. API, admin and commands all come through here."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from rendering.exceptions import FourEyes
from rendering.models import Job, Storyboard
from rendering.states import Verdict
from rendering.workflow import order, write


def submit(storyboard: Storyboard, user: User, revision: int | None = None, note: str = "") -> Storyboard:
    """Ask for a decision. What could not be rendered is refused here, with every place that is wrong."""
    write.require_renderable(storyboard)
    storyboard.submit(storyboard.revision if revision is None else revision, note)
    return storyboard


def approve(storyboard: Storyboard, reviewer: User, revision: int, note: str = "") -> Storyboard:
    """Approve exactly `revision`. Approving renders nothing by itself."""
    if settings.REQUIRE_FOUR_EYES and reviewer.pk in (storyboard.owner_id, storyboard.last_editor_id):
        raise FourEyes()
    with transaction.atomic():
        storyboard.decide(Verdict.APPROVED, reviewer, revision, note)
    return storyboard


def approve_and_render(storyboard: Storyboard, reviewer: User, revision: int, note: str = "", **options: Any) -> Job:
    """Both or neither."""
    with transaction.atomic():
        approve(storyboard, reviewer, revision, note)
        return order.render(storyboard, options, by=reviewer)[0]


def reject(storyboard: Storyboard, reviewer: User, revision: int, note: str = "") -> Storyboard:
    with transaction.atomic():
        storyboard.decide(Verdict.REJECTED, reviewer, revision, note)
    return storyboard


def request_changes(storyboard: Storyboard, reviewer: User, revision: int, note: str = "") -> Storyboard:
    """Also takes an approval back."""
    with transaction.atomic():
        storyboard.decide(Verdict.CHANGES_REQUESTED, reviewer, revision, note)
    return storyboard
