"""The library for staff: thumbnails, a player, uploads that take the same way as the API's."""

from __future__ import annotations

import json
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from media_assets import ingest
from media_assets.exceptions import AssetInUse, BadName, MediaError
from media_assets.models import AssetState, AssetType, Folder, MediaAsset
from media_assets.names import label
from videoserver.web.admin import BaseAdmin

STATUS_COLOURS = {
    AssetState.PENDING_UPLOAD: "info",
    AssetState.UPLOADING: "warning",
    AssetState.READY: "success",
    AssetState.FAILED: "danger",
}
PLAYERS = {
    AssetType.VIDEO: '<video controls preload="metadata" src="{0}" poster="{1}" style="{2}"></video>',
    AssetType.AUDIO: '<audio controls preload="metadata" src="{0}" style="{2}"></audio>',
    AssetType.IMAGE: '<a href="{0}"><img src="{0}" alt="" style="{2}"></a>',
}
PLAYER_STYLE = "width:min(100%,720px);max-height:60vh;object-fit:contain;object-position:left"


class AssetForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's own cannot be subscripted
    """What people say about an asset."""

    name = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget)
    tags = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget, help_text="Separated by commas.")

    class Meta:
        model = MediaAsset
        fields = ["name", "folder", "tags"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "tags" in self.fields:  # not on the page of somebody who may only look
            self.initial["tags"] = ", ".join(self.instance.tags)

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if not name and self.instance._state.adding:
            return ""  # an upload brings one
        try:
            return label(name)
        except BadName as error:
            raise forms.ValidationError(error.detail) from error

    def clean_tags(self) -> list[str]:
        return list(dict.fromkeys(tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()))


class UploadForm(AssetForm):
    """The same with a file. What was wrong with the file's inside is found after the form, and shown by it."""

    file = forms.FileField(widget=UnfoldAdminFileFieldWidget, help_text="A picture, a film or a sound.")
    refusal: str = ""

    def clean(self) -> dict[str, Any]:
        if self.refusal:
            self.add_error("file", self.refusal)
        return self.cleaned_data


@admin.register(MediaAsset)
class MediaAssetAdmin(BaseAdmin):
    """Every file that we own."""

    form = AssetForm
    list_display = ["small", "name", "type", "status_of", "length", "dimensions", "weight", "owner", "created_at"]
    list_display_links = ["small", "name"]
    list_filter = ["type", "status", "is_deleted", "folder", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "=id", "=checksum", "owner__username"]
    ordering = ["-created_at"]
    actions = ["discard"]
    autocomplete_fields = ["folder"]
    readonly_fields = [
        "player", "status_of", "owner", "type", "content_type", "weight", "length", "dimensions", "checksum", "facts",
        "free_metadata", "error_code", "error_detail", "is_deleted", "deleted_at", "created_at", "updated_at", "in_use",
    ]  # fmt: skip
    fieldsets = [
        (None, {"fields": ["player", "name", "folder", "tags"]}),
        ("State", {"fields": ["status_of", "error_code", "error_detail", "in_use", "is_deleted", "deleted_at"]}),
        ("File", {"fields": ["type", "content_type", "weight", "length", "dimensions", "checksum", "facts"]}),
        ("Record", {"fields": ["owner", "free_metadata", "created_at", "updated_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["file", "name", "folder", "tags"]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MediaAsset]:
        """The deleted ones are listed when they are asked for."""
        assets = cast(QuerySet[MediaAsset], super().get_queryset(request))
        listed = (
            request.resolver_match is not None
            and request.resolver_match.url_name == "media_assets_mediaasset_changelist"
        )
        return (
            assets.filter(is_deleted=False)
            if listed and not any("is_deleted" in name for name in request.GET)
            else assets
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.add_fieldsets

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj:
            return super().get_form(request, obj, change, **kwargs)
        form = super().get_form(request, obj, change, **{**kwargs, "form": UploadForm, "fields": ["name", "folder"]})
        form.refusal = getattr(request, "refusal", "")
        return form

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """An upload is taken in before the page's transaction begins: nobody waits for the database meanwhile."""
        if object_id is None and request.method == "POST" and self.has_add_permission(request):
            form = self.get_form(request)(request.POST, request.FILES)
            if form.is_valid():
                try:
                    asset = self.take_in(request, form.cleaned_data)
                except MediaError as error:
                    request.refusal = error.detail  # type: ignore[attr-defined]
                else:
                    self.log_addition(request, asset, [{"added": {}}])
                    return cast(HttpResponse, self.response_add(request, asset))
        return cast(HttpResponse, super().changeform_view(request, object_id, form_url, extra_context))

    def take_in(self, request: HttpRequest, said: dict[str, Any]) -> MediaAsset:
        return ingest.upload(
            said["file"], cast(User, request.user), said["name"], folder=said["folder"], tags=said["tags"]
        )

    def save_model(self, request: HttpRequest, obj: MediaAsset, form: Any, change: bool) -> None:
        """Only what the form changed: the rest may have moved on since it was read."""
        obj.save(update_fields=[*form.changed_data, "updated_at"])

    def get_actions(self, request: HttpRequest) -> Any:
        """Rows are never removed in bulk."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def delete_model(self, request: HttpRequest, obj: MediaAsset) -> None:
        """Softly, as everywhere."""
        obj.discard()

    @admin.action(description="Delete (they can be restored)", permissions=["delete"])
    def discard(self, request: HttpRequest, assets: QuerySet[MediaAsset]) -> None:
        kept = []
        for asset in assets:
            try:
                asset.discard()
            except AssetInUse:
                kept.append(asset.name)
        if kept:
            messages.warning(request, f"Still in use, so kept: {', '.join(kept)}.")
        messages.success(request, f"Deleted: {len(assets) - len(kept)}.")

    @admin.display(description="")
    def small(self, asset: MediaAsset) -> SafeString | str:
        if not asset.thumbnail_url:
            return "♪" if asset.type == AssetType.AUDIO else "—"
        style = "height:45px;width:80px;object-fit:cover;border-radius:4px"
        return format_html('<img src="{}" alt="" loading="lazy" style="{}">', asset.thumbnail_url, style)

    @display(description="Status", label=STATUS_COLOURS)  # type: ignore[untyped-decorator]
    def status_of(self, asset: MediaAsset) -> str:
        return asset.status

    @admin.display(description="Preview")
    def player(self, asset: MediaAsset) -> SafeString | str:
        if not asset.url:
            return "There is no file yet."
        return format_html(PLAYERS[AssetType(asset.type)], asset.url, asset.thumbnail_url or "", PLAYER_STYLE)

    @admin.display(description="Length")
    def length(self, asset: MediaAsset) -> str:
        seconds = asset.file_metadata.get("duration")
        return f"{int(seconds // 60)}:{seconds % 60:04.1f}" if seconds else "—"

    @admin.display(description="Dimensions")
    def dimensions(self, asset: MediaAsset) -> str:
        facts = asset.file_metadata
        return f"{facts['width']} × {facts['height']}" if facts.get("width") else "—"

    @admin.display(description="Size", ordering="size")
    def weight(self, asset: MediaAsset) -> str:
        return filesizeformat(asset.size)

    @admin.display(description="What is in it")
    def facts(self, asset: MediaAsset) -> SafeString:
        return _as_text(asset.file_metadata)

    @admin.display(description="Metadata")
    def free_metadata(self, asset: MediaAsset) -> SafeString:
        return _as_text(asset.metadata)

    @admin.display(description="Used in")
    def in_use(self, asset: MediaAsset) -> str:
        count = asset.count_uses()
        return f"{count} {'place' if count == 1 else 'places'}" if count else "nothing"


@admin.register(Folder)
class FolderAdmin(BaseAdmin):
    """Shelves; deleting one leaves its assets."""

    list_display = ["name", "owner", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__username"]
    fields = ["name", "owner", "created_at"]
    readonly_fields = ["owner", "created_at"]

    def save_model(self, request: HttpRequest, obj: Folder, form: Any, change: bool) -> None:
        if not change:
            obj.owner = cast(User, request.user)
        super().save_model(request, obj, form, change)


def _as_text(value: dict[str, Any]) -> SafeString:
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
    return format_html('<pre style="white-space:pre-wrap">{}</pre>', text)
