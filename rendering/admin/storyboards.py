"""Storyboards in the admin: a contact sheet, the decision, the history, and the editor behind them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from media_assets.exceptions import MediaError
from rendering.admin import picker, sheet
from rendering.admin.deeds import StoryboardDeeds, page, told
from rendering.admin.storyboard_form import StoryboardForm, form_field
from rendering.exceptions import RenderingError
from rendering.models import CONTENT_FIELDS, AssetUse, Storyboard
from rendering.models.storyboard import words
from rendering.states import StoryboardState
from rendering.workflow import remove, write
from videoserver.web.admin import BaseAdmin

STATUS_COLOURS = {
    StoryboardState.DRAFT: "",
    StoryboardState.IN_REVIEW: "warning",
    StoryboardState.APPROVED: "success",
    StoryboardState.CHANGES_REQUESTED: "info",
    StoryboardState.REJECTED: "danger",
}


@admin.register(Storyboard)
class StoryboardAdmin(StoryboardDeeds, BaseAdmin):
    """What is to be filmed, and whether it may be."""

    form = StoryboardForm
    change_form_template = "admin/rendering/storyboard/change_form.html"
    add_form_template = "admin/rendering/storyboard/change_form.html"
    list_display = ["picture", "title", "status_of", "owner", "campaign", "scene_count", "revision", "changed"]
    list_display_links = ["picture", "title"]
    list_filter = ["status", "campaign", "created_at"]
    list_select_related = ["owner", "campaign"]
    search_fields = ["title", "owner__username", "=id"]
    ordering = ["-updated_at"]
    fieldsets = [
        (None, {"fields": ["title", "scenes"]}),
        ("Picture", {"fields": [("aspect_ratio", "quality"), ("width", "height"), ("fps", "captions")]}),
        ("Sound and look", {"fields": ["soundtrack", "loudness_lufs", "brand"]}),
        ("Making", {"fields": ["campaign", ("provider", "fallback", "video_path"), "metadata", "revision"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Storyboard]:
        pictures = AssetUse.objects.filter(storyboard=OuterRef("pk"), scene__isnull=False).exclude(
            asset__thumbnail_key=""
        )
        found: QuerySet[Storyboard] = super().get_queryset(request)
        return found.annotate(
            scene_total=Count("scenes"),
            picture_asset=Subquery(pictures.order_by("scene__position").values("asset_id")[:1]),
        )

    @admin.display(description="")
    def picture(self, storyboard: Any) -> SafeString | str:
        if not storyboard.picture_asset:
            return format_html('<span class="vs-small vs-none" aria-hidden="true"></span>')
        return format_html(
            '<img class="vs-small" loading="lazy" alt="" src="/api/v1/media/{}/thumbnail">', storyboard.picture_asset
        )

    @display(description="Status", label=STATUS_COLOURS, ordering="status")  # type: ignore[untyped-decorator]
    def status_of(self, storyboard: Storyboard) -> tuple[str, str]:
        return storyboard.status, words(storyboard.status)

    @admin.display(description="Scenes", ordering="scene_total")
    def scene_count(self, storyboard: Any) -> int:
        return int(storyboard.scene_total)

    @admin.display(description="Last change", ordering="updated_at")
    def changed(self, storyboard: Storyboard) -> str:
        return date_format(storyboard.updated_at, "j M Y, H:i")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            *self.deed_urls(),
            path("assets/", view(picker.library), name="rendering_storyboard_library"),
            path("<uuid:pk>/assets/", view(picker.library), name="rendering_storyboard_assets"),
        ]
        return [*own, *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> Any:
        """Nothing is decided or deleted in bulk: each is looked at."""
        return {}

    def get_fieldsets(self, request: HttpRequest, obj: Storyboard | None = None) -> Any:
        """Who may only look sees the sheet, which says all of it."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return super().get_fieldsets(request, obj) if may_write else []

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in (*CONTENT_FIELDS, "metadata"):
            return form_field(db_field.name)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.editor = request.user
        return form

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        storyboard = self.get_object(request, object_id) if object_id else None
        shown = sheet.of(request, storyboard) if storyboard else {}
        shown["library"] = (
            reverse("admin:rendering_storyboard_assets", args=[storyboard.pk])
            if storyboard
            else reverse("admin:rendering_storyboard_library")
        )
        shown |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        try:
            return super().changeform_view(request, object_id, form_url, shown | (extra_context or {}))
        except (RenderingError, MediaError) as error:
            # Somebody was faster by a moment, or an asset is gone: nothing was written.
            messages.error(request, told(error))
            return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Storyboard, form: Any, change: bool) -> None:
        """The document is written whole, with its scenes, by the workflow."""
        if change:
            stored = Storyboard.objects.get(pk=obj.pk)
            obj.revision = write.rewrite(stored, request.user, form.document(), form.cleaned_data["revision"]).revision  # type: ignore[arg-type]
        else:
            obj.pk = write.create(request.user, form.document()).pk  # type: ignore[arg-type]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """All is written already."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, Storyboard.objects.get(pk=obj.pk), message)

    def response_add(self, request: HttpRequest, obj: Storyboard, post_url_continue: Any = None) -> HttpResponse:
        messages.success(request, "The storyboard is there.")
        return HttpResponseRedirect(page(obj))

    def response_change(self, request: HttpRequest, obj: Storyboard) -> HttpResponse:
        messages.success(request, f"Saved. This is revision {obj.revision}.")
        return HttpResponseRedirect(page(obj))

    def delete_model(self, request: HttpRequest, obj: Storyboard) -> None:
        remove.storyboard(obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except RenderingError as error:
            messages.error(request, told(error))
            return HttpResponseRedirect(reverse("admin:rendering_storyboard_change", args=[object_id]))
