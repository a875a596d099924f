"""MediaAsset and Folder: the library's rows. Only methods here change a status."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connections, models, transaction
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Now

from media_assets.exceptions import AssetInUse, WrongState
from videoserver.work.row import WorkRow, WorkState, work_constraints


class AssetType(models.TextChoices):
    """What a file is, by its own bytes."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


class AssetState(models.TextChoices):
    """How far a file has come."""

    PENDING_UPLOAD = "pending_upload"
    UPLOADING = "uploading"
    READY = "ready"
    FAILED = "failed"


ASSET_MOVES: Mapping[AssetState, frozenset[AssetState]] = {
    AssetState.PENDING_UPLOAD: frozenset({AssetState.UPLOADING, AssetState.FAILED}),
    AssetState.UPLOADING: frozenset({AssetState.READY, AssetState.FAILED}),
    AssetState.READY: frozenset(),
    # A retry keeps its id: scenes name it.
    AssetState.FAILED: frozenset({AssetState.UPLOADING}),
}

User = AbstractBaseUser | AnonymousUser


class OwnedQuerySet(QuerySet[Any]):
    """Rows that have an owner."""

    def for_user(self, user: User) -> Self:
        """What this user may see: their own; staff see all."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.all() if getattr(user, "is_staff", False) else self.filter(owner=user.pk)


class InList(Func):
    """Is a value in a JSON list; for databases without a containment operator (SQLite)."""

    template = "%(expressions)s))"
    arg_joiner = " IN (SELECT value FROM json_each("
    output_field = models.BooleanField()


class AssetQuerySet(OwnedQuerySet):
    """Many assets."""

    def alive(self) -> Self:
        """Without the deleted ones."""
        return self.filter(is_deleted=False)

    def ready(self) -> Self:
        """Those that have a verified file and are not deleted."""
        return self.alive().filter(status=AssetState.READY)

    def tagged(self, tag: str) -> Self:
        """Those that bear this tag."""
        if connections[self.db].features.supports_json_field_contains:
            return self.filter(tags__contains=[tag])
        return self.filter(InList(Value(tag), F("tags")))


class Folder(models.Model):
    """A shelf in one owner's library."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="folders")
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="folder_name_once_per_owner")]

    def __str__(self) -> str:
        return self.name


class MediaAsset(models.Model):
    """An image, video or audio file that we own: stored, hashed, probed, thumbnailed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="media_assets")
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=8, choices=AssetType.choices)
    status = models.CharField(max_length=16, choices=AssetState.choices, default=AssetState.PENDING_UPLOAD)
    key = models.CharField(max_length=255, blank=True, default="")
    thumbnail_key = models.CharField(max_length=255, blank=True, default="")
    size = models.BigIntegerField(default=0)
    content_type = models.CharField(max_length=64, blank=True, default="")
    checksum = models.CharField(max_length=64, blank=True, default="", db_index=True)
    file_metadata = models.JSONField(default=dict, blank=True)
    folder = models.ForeignKey(Folder, on_delete=models.SET_NULL, null=True, blank=True, related_name="assets")
    tags = models.JSONField(default=list, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    is_deleted = models.BooleanField(default=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AssetQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["owner", "is_deleted", "-created_at", "-id"], name="asset_by_owner"),
            models.Index(fields=["status", "updated_at"], name="asset_by_status"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=AssetState.values), name="asset_status_known"),
            models.CheckConstraint(condition=Q(type__in=AssetType.values), name="asset_type_known"),
            models.CheckConstraint(
                condition=~Q(status=AssetState.READY) | (~Q(key="") & ~Q(checksum="") & Q(size__gt=0)),
                name="asset_ready_has_file",
            ),
            models.CheckConstraint(
                condition=Q(is_deleted=False, deleted_at=None) | Q(is_deleted=True, deleted_at__isnull=False),
                name="asset_deleted_has_date",
            ),
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="asset_key_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        """Where the bytes are served, or nothing while there are none."""
        return f"/api/v1/media/{self.pk}/data" if self.status == AssetState.READY else ""

    @property
    def thumbnail_url(self) -> str | None:
        """Where the small picture is served."""
        return f"/api/v1/media/{self.pk}/thumbnail" if self.thumbnail_key and self.url else None

    def become(self, target: AssetState, **fields: Any) -> None:
        """Change the status, with what belongs to it, unless somebody changed it first."""
        if target not in ASSET_MOVES[AssetState(self.status)]:
            raise WrongState(f"An asset that is {self.status} cannot become {target}.")
        as_read = MediaAsset.objects.filter(pk=self.pk, status=self.status)
        if not as_read.update(status=target, updated_at=Now(), **fields):
            raise WrongState("Somebody changed the asset first.")
        self.refresh_from_db()

    def count_uses(self) -> int:
        """How many rows need this asset: whoever refers to it and does not let go (`PROTECT`)."""
        return sum(users.filter(**{name: self}).count() for users, name in _protecting())

    def discard(self) -> None:
        """Soft delete. Refused while in use, in the same statement, so that no new use slips in between."""
        free = MediaAsset.objects.alive().filter(pk=self.pk)
        for users, name in _protecting():
            free = free.filter(~Exists(users.filter(**{name: OuterRef("pk")})))
        with transaction.atomic():
            # Waits for uses that are just being written; those that come later find it deleted.
            MediaAsset.objects.select_for_update().filter(pk=self.pk).first()
            discarded = free.update(is_deleted=True, deleted_at=Now(), updated_at=Now())
        if not discarded and (count := self.count_uses()):
            raise AssetInUse(f"The asset is in use in {count} {'place' if count == 1 else 'places'}.")
        self.refresh_from_db()


class MediaImport(WorkRow):
    """One fetching of an asset's bytes from a URL, as durable work; a retry of a failed asset is another one."""

    TASK = "media_assets.tasks.run_import"
    QUEUE = "media_import"

    asset = models.ForeignKey(MediaAsset, on_delete=models.CASCADE, related_name="imports")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    url = models.TextField()
    expect = models.CharField(max_length=8, blank=True, choices=AssetType.choices, help_text="What it must be.")

    class Meta(WorkRow.Meta):
        ordering = ["created_at"]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(
                fields=["owner", "priority", "turn"], name="import_owners_turn", condition=Q(finished_at=None)
            ),
        ]
        constraints = [
            *work_constraints("mediaimport"),
            models.UniqueConstraint(fields=["asset"], condition=Q(finished_at=None), name="import_one_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"Import of {self.asset_id}"

    def late(self) -> tuple[str, str]:
        """Its own limit, its own words."""
        code, sentence = "processing_timeout", "Processing timed out"
        return code, sentence

    def start_clock(self, seconds: float) -> None:
        """Its time runs from when its work begins."""
        if self.deadline_at is None:
            late = Now() + timedelta(seconds=seconds)
            MediaImport.objects.filter(pk=self.pk, deadline_at=None).live().update(deadline_at=late)

    def when_ended(self) -> None:
        """An asset whose import did not end well has failed, with the reason."""
        if self.status == WorkState.COMPLETED:
            return
        canceled = self.status == WorkState.CANCELED
        code, detail = ("canceled", "The import was canceled.") if canceled else (self.error_code, self.error_detail)
        MediaAsset.objects.filter(pk=self.asset_id, status=AssetState.UPLOADING).update(
            status=AssetState.FAILED, error_code=code, error_detail=detail, updated_at=Now()
        )


def _protecting() -> list[tuple[QuerySet[models.Model], str]]:
    """The rows of other models, and their field, that must not lose the asset they name."""
    return [
        (relation.related_model._base_manager.all(), relation.field.name)
        for relation in MediaAsset._meta.related_objects
        if relation.on_delete in (models.PROTECT, models.RESTRICT)
    ]
