"""The bodies of assets and folders."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from media_assets.addresses import LONGEST_URL
from media_assets.exceptions import BadName
from media_assets.models import AssetState, AssetType, Folder, MediaAsset
from media_assets.names import label
from videoserver.web import plain_json
from videoserver.web.lists import ShortList
from videoserver.work.states import WorkState

MAX_METADATA_BYTES = 16 * 1024
MAX_TAGS = 50
FACTS = (
    "duration", "width", "height", "frame_rate", "codec", "bitrate", "format", "source_url", "imported_at",
)  # fmt: skip
"""Keys of `file_metadata` that are always there."""


class Label(serializers.CharField):
    """A name for people; what is not one is taken out of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 1000, **options})

    def to_internal_value(self, data: Any) -> str:
        try:
            return label(super().to_internal_value(data))
        except BadName as error:
            raise serializers.ValidationError(error.detail, code="blank") from error


@extend_schema_field({"type": "object", "additionalProperties": True})
class FreeObject(serializers.JSONField):
    """A JSON object of at most 16 KB; in a form, its text."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        try:
            if isinstance(data, str):
                data = plain_json.loads(data)
            plain_json.check(data)
        except plain_json.NotPlain as error:
            raise serializers.ValidationError(str(error), code="invalid") from error
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            raise serializers.ValidationError("It must be a JSON object.", code="not_an_object")
        if len(json.dumps(value).encode()) > MAX_METADATA_BYTES:
            raise serializers.ValidationError("It may have at most 16 KB.", code="too_large")
        return value


@extend_schema_field({"type": "string", "format": "uuid"})
class OwnFolder(serializers.PrimaryKeyRelatedField[Folder]):
    """A folder of the asset's owner."""

    def get_queryset(self) -> Any:
        asset = getattr(self.root, "instance", None)
        return Folder.objects.filter(owner=asset.owner_id if asset else self.context["request"].user.pk)


class AssetFields(serializers.Serializer[MediaAsset]):
    """What people may say about an asset, when it is made and later."""

    name = Label(required=False)
    folder = OwnFolder(required=False, allow_null=True)
    tags = ShortList(child=Label(max_length=100), required=False, max_length=MAX_TAGS)
    metadata = FreeObject(required=False)

    def validate_tags(self, tags: list[str]) -> list[str]:
        """Each once, in the order given."""
        return list(dict.fromkeys(tags))

    def update(self, instance: MediaAsset, validated_data: dict[str, Any]) -> MediaAsset:
        for field, value in validated_data.items():
            setattr(instance, field, value)
        instance.save(update_fields=[*validated_data, "updated_at"])
        return instance


class UploadFields(AssetFields):
    """The form of an upload."""

    file = serializers.FileField(allow_empty_file=True, max_length=None)


class ImportFields(AssetFields):
    """The body of an import."""

    url = serializers.CharField(max_length=LONGEST_URL, trim_whitespace=False)
    type = serializers.ChoiceField(AssetType.values, required=False, default="")


class RetryFields(serializers.Serializer[Any]):
    """The body of another try."""

    url = serializers.CharField(max_length=LONGEST_URL, trim_whitespace=False, required=False, default="")


class AssetSerializer(serializers.Serializer[MediaAsset]):
    """An asset as it is read."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    type = serializers.ChoiceField(["image", "video", "audio"])
    status = serializers.ChoiceField(AssetState.values)
    url = serializers.CharField(help_text="Empty while the asset is not ready.")
    thumbnail_url = serializers.CharField(allow_null=True)
    preview_url = serializers.CharField(allow_null=True)
    size = serializers.IntegerField()
    content_type = serializers.CharField()
    checksum = serializers.CharField(help_text="SHA-256 of the bytes that `url` gives.")
    file_metadata = FreeObject()
    folder = serializers.UUIDField(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    owner = serializers.CharField()
    is_deleted = serializers.BooleanField()
    progress = FreeObject()
    error = FreeObject(allow_null=True)
    import_job_id = serializers.UUIDField(allow_null=True)
    metadata = FreeObject()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    urls = FreeObject()

    def to_representation(self, instance: MediaAsset) -> dict[str, Any]:
        ready = instance.status == AssetState.READY
        size = instance.size if ready else 0
        path = f"/api/v1/media/{instance.pk}"
        error = {"code": instance.error_code, "detail": instance.error_detail} if instance.error_code else None
        metadata = dict(instance.metadata)
        if not ready:
            metadata |= {"import_job_id": str(instance.pk), "status": "failed" if error else "processing"}
        return {
            "id": str(instance.pk),
            "name": instance.name,
            "type": instance.type,
            "status": instance.status,
            "url": instance.url,
            "thumbnail_url": instance.thumbnail_url,
            "preview_url": None,
            "size": size,
            "content_type": instance.content_type,
            "checksum": instance.checksum,
            "file_metadata": dict.fromkeys(FACTS) | instance.file_metadata,
            "folder": str(instance.folder_id) if instance.folder_id else None,
            "tags": instance.tags,
            "owner": instance.owner.get_username(),
            "is_deleted": instance.is_deleted,
            "progress": {"bytes_done": size, "bytes_total": size, "message": ""} | under_way(instance),
            "error": error,
            "import_job_id": None if ready else str(instance.pk),
            "metadata": metadata,
            "created_at": _time(instance.created_at),
            "updated_at": _time(instance.updated_at),
            "urls": {
                "self": f"{path}/",
                "data": instance.url or None,
                "thumbnail": instance.thumbnail_url,
                "cancel": f"{path}/cancel/",
                "retry": f"{path}/retry/",
            },
        }


def under_way(asset: MediaAsset) -> dict[str, Any]:
    """How far the import is that it waits for."""
    if asset.status != AssetState.UPLOADING or not (imports := asset.imports.all()):
        return {}
    latest = imports[len(imports) - 1]
    if latest.status == WorkState.QUEUED:
        retries = latest.retry_count
        return {"message": "Failed, and tried again in a while" if retries else "Waiting for a worker"}
    return {name: value for name, value in latest.progress.items() if name in ("bytes_done", "bytes_total", "message")}


class FolderSerializer(serializers.ModelSerializer[Folder]):
    """A folder; its name is there once for its owner."""

    name = Label()
    owner = serializers.CharField(source="owner.username", read_only=True)

    class Meta:
        model = Folder
        fields = ["id", "name", "owner", "created_at", "updated_at"]
        validators: list[Any] = []

    def validate_name(self, name: str) -> str:
        """The database says the same, later and less kindly."""
        owner = self.instance.owner_id if self.instance else self.context["request"].user.pk
        same = Folder.objects.filter(owner=owner, name=name)
        if self.instance:
            same = same.exclude(pk=self.instance.pk)
        if same.exists():
            raise serializers.ValidationError("You have a folder of this name.", code="unique")
        return name


def _time(moment: Any) -> Any:
    return serializers.DateTimeField().to_representation(moment)
