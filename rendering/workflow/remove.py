"""Taking things away for good. Films that were made stay: they belong to their jobs."""

from __future__ import annotations

from django.db import transaction

from rendering.exceptions import WrongState
from rendering.models import Campaign, Job, Storyboard
from rendering.states import LIVE


def storyboard(gone: Storyboard) -> None:
    """Delete a storyboard with its scenes and reviews; refused while a job works for it."""
    with transaction.atomic():
        # Whoever orders at this moment is done first, and seen, or comes too late.
        Storyboard.objects.select_for_update().filter(pk=gone.pk).first()
        if Job.objects.filter(storyboard=gone, status__in=LIVE).exists():
            raise WrongState("A job of this storyboard is under way. Cancel it first.")
        gone.delete()


def campaign(gone: Campaign) -> None:
    """Delete a campaign; its storyboards stay without one. Refused while a job holds some of its budget."""
    with transaction.atomic():
        Campaign.objects.select_for_update().filter(pk=gone.pk).first()
        if Job.objects.filter(storyboard__campaign=gone, status__in=LIVE).exists():
            raise WrongState("A job of this campaign is under way. Cancel it first.")
        gone.delete()
