"""Storyboards: an ordered list of scenes with one owner, a revision and a review."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now

from rendering.exceptions import Outdated, WrongState
from rendering.models.campaign import Campaign
from rendering.states import STORYBOARD_MOVES, StoryboardState, Verdict


class StoryboardQuerySet(models.QuerySet["Storyboard"]):
    def for_user(self, user: User) -> StoryboardQuerySet:
        """A user's own; staff see all."""
        return self if getattr(user, "is_staff", False) else self.filter(owner_id=user.pk)


CONTENT_FIELDS = (
    "aspect_ratio",
    "quality",
    "width",
    "height",
    "fps",
    "loudness_lufs",
    "captions",
    "soundtrack",
    "brand",
    "provider",
    "fallback",
    "video_path",
)
"""Fields that the storyboard document holds under the same names."""


class Storyboard(models.Model):
    """What is to be filmed. Every change of its content adds 1 to `revision`, whichever door it came through."""

    State = StoryboardState

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="storyboards")
    last_editor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.SET_NULL, null=True, blank=True, related_name="storyboards")
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=20, choices=StoryboardState.choices, default=StoryboardState.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    content_hash = models.CharField(max_length=64)
    aspect_ratio = models.CharField(max_length=5, default="16:9")
    quality = models.CharField(max_length=10, default="1080p")
    width = models.PositiveIntegerField(null=True, blank=True, help_text="With height: instead of ratio and quality.")
    height = models.PositiveIntegerField(null=True, blank=True)
    fps = models.PositiveSmallIntegerField(default=30)
    loudness_lufs = models.FloatField(default=-14)
    captions = models.CharField(max_length=10, default="burned")
    soundtrack = models.JSONField(null=True, blank=True)
    brand = models.JSONField(default=dict, blank=True)
    provider = models.CharField(max_length=20, default="local")
    fallback = models.CharField(max_length=20, default="none")
    video_path = models.CharField(max_length=20, default="timeline")
    metadata = models.JSONField(default=dict, blank=True)
    submit_note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = StoryboardQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        permissions = [("approve_storyboard", "Can approve, reject and request changes")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=StoryboardState.values), name="storyboard_status_is_known"
            ),
            models.CheckConstraint(condition=models.Q(revision__gte=1), name="storyboard_revision_from_1"),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["status", "-created_at"]),
        ]

    def __str__(self) -> str:
        return self.title

    def document(self) -> dict[str, Any]:
        """The storyboard document of the API, with each scene's id."""
        return {
            "title": self.title,
            **{name: getattr(self, name) for name in CONTENT_FIELDS},
            "campaign": str(self.campaign_id) if self.campaign_id else None,
            "metadata": self.metadata,
            "scenes": [scene.document() for scene in self.scenes.all()],
        }

    @property
    def approval(self) -> Review | None:
        """The last review that approved; an edit since then has made it stale."""
        # The youngest comes first; all() may have been prefetched for a list.
        return next((review for review in self.reviews.all() if review.verdict == Verdict.APPROVED), None)

    @property
    def is_approved(self) -> bool:
        """Whether exactly the present content is approved."""
        approval = self.approval
        return (
            self.status == StoryboardState.APPROVED
            and approval is not None
            and (approval.revision, approval.content_hash) == (self.revision, self.content_hash)
        )

    def submit(self, revision: int, note: str = "") -> None:
        self._move(StoryboardState.IN_REVIEW, revision, submit_note=note)

    def decide(self, verdict: Verdict, reviewer: User, revision: int, note: str = "") -> Review:
        """Move and record who decided on what."""
        self._move(StoryboardState(verdict.value), revision)
        return self.reviews.create(
            reviewer=reviewer, verdict=verdict, note=note, revision=revision, content_hash=self.content_hash
        )

    def begin_edit(self, editor: User, revision: int, **fields: Any) -> None:
        """Write a new revision's own fields; whatever had been decided is stale with it."""
        as_read = Storyboard.objects.filter(pk=self.pk, revision=revision)
        fields |= {"status": StoryboardState.DRAFT, "revision": revision + 1, "last_editor": editor}
        if not as_read.update(**fields, updated_at=Now()):
            raise Outdated()
        self.refresh_from_db()

    def _move(self, target: StoryboardState, revision: int, **fields: Any) -> None:
        """Change status, unless somebody changed it, or the text under it, since `revision` was shown."""
        if revision != self.revision:
            raise Outdated()
        if target not in STORYBOARD_MOVES[StoryboardState(self.status)]:
            raise WrongState(f"A storyboard that is {words(self.status)} cannot become {words(target)}.")
        as_shown = Storyboard.objects.filter(pk=self.pk, status=self.status, revision=revision)
        if not as_shown.update(status=target, updated_at=Now(), **fields):
            raise Outdated()
        self.refresh_from_db()


class Scene(models.Model):
    """One template filled with parameters."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    storyboard = models.ForeignKey(Storyboard, on_delete=models.CASCADE, related_name="scenes")
    position = models.PositiveIntegerField()
    template = models.CharField(max_length=60)
    duration = models.FloatField(help_text="Seconds, exactly as they were written: a rounded copy has other frames.")
    params = models.JSONField(default=dict, blank=True)
    caption = models.TextField(blank=True)
    narration = models.CharField(max_length=64, blank=True, help_text="The id of an audio asset.")
    transition = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["storyboard", "position"], name="scene_position_once"),
            models.CheckConstraint(condition=models.Q(duration__gt=0), name="scene_duration_positive"),
        ]

    def __str__(self) -> str:
        return f"Scene {self.position + 1}: {self.template}"

    def document(self) -> dict[str, Any]:
        """The scene as the storyboard document holds it."""
        return {
            "id": str(self.pk),
            "template": self.template,
            "duration": self.duration,
            "params": self.params,
            "caption": self.caption,
            "narration": self.narration or None,
            "transition": self.transition,
        }


class Review(models.Model):
    """One decision on one revision: who, when, why. Append-only."""

    storyboard = models.ForeignKey(Storyboard, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    revision = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(verdict__in=Verdict.values), name="review_verdict_is_known")
        ]

    def __str__(self) -> str:
        return f"{words(self.verdict)} by {self.reviewer} at revision {self.revision}"


class AssetUse(models.Model):
    """A use of an asset by a storyboard: the database refuses to purge what is named here."""

    storyboard = models.ForeignKey(Storyboard, on_delete=models.CASCADE, related_name="asset_uses")
    scene = models.ForeignKey(Scene, on_delete=models.CASCADE, null=True, blank=True, related_name="asset_uses")
    asset = models.ForeignKey("media_assets.MediaAsset", on_delete=models.PROTECT, related_name="uses")
    role = models.CharField(max_length=40, help_text="The parameter that names it: image, narration, soundtrack …")

    def __str__(self) -> str:
        return f"{self.role} of {self.storyboard_id}"


def words(status: str) -> str:
    """A status as a person says it."""
    return str(status).replace("_", " ")
