"""Storyboards in the admin: a contact sheet, the decision, the history, and the form behind them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.decorators import display

from media_assets.exceptions import MediaError
from rendering.admin.storyboard_form import SceneForm, SceneFormSet, StoryboardForm
from rendering.exceptions import RenderingError
from rendering.models import CONTENT_FIELDS, Scene, Storyboard
from rendering.states import StoryboardState
from rendering.workflow import document as documents
from rendering.workflow import money, order, review, write
from videoserver.web.admin import BaseAdmin, BaseStacked

STATUS_COLOURS = {
    StoryboardState.DRAFT: "info",
    StoryboardState.IN_REVIEW: "warning",
    StoryboardState.APPROVED: "success",
    StoryboardState.CHANGES_REQUESTED: "warning",
    StoryboardState.REJECTED: "danger",
}
DECISIONS = {
    "approve": (review.approve, "Approved."),
    "approve_and_render": (review.approve_and_render, "Approved; the film is being rendered."),
    "request_changes": (review.request_changes, "Changes were requested."),
    "reject": (review.reject, "Rejected."),
}
"""What the buttons call: the same functions as the API."""


class SceneInline(BaseStacked):
    model = Scene
    form = SceneForm
    formset = SceneFormSet
    tab = True
    fields = [("position", "template", "duration"), "caption", "params", ("narration", "transition")]


@admin.register(Storyboard)
class StoryboardAdmin(BaseAdmin):
    """What is to be filmed, and whether it may be."""

    form = StoryboardForm
    change_form_template = "admin/rendering/storyboard/change_form.html"
    list_display = ["title", "status_of", "owner", "revision", "scene_count", "campaign", "updated_at"]
    list_filter = ["status", "campaign", "created_at"]
    list_select_related = ["owner", "campaign"]
    search_fields = ["title", "owner__username", "id"]
    inlines = [SceneInline]
    fieldsets = [
        (None, {"fields": ["title", "campaign", "revision"]}),
        ("Picture", {"fields": [("aspect_ratio", "quality"), ("width", "height"), ("fps", "captions")]}),
        ("Sound and look", {"fields": ["soundtrack", "loudness_lufs", "brand"]}),
        ("Making", {"fields": [("provider", "fallback", "video_path"), "metadata"], "classes": ["collapse"]}),
    ]

    @display(description="Status", label=STATUS_COLOURS)
    def status_of(self, storyboard: Storyboard) -> str:
        return storyboard.status

    @admin.display(description="Scenes")
    def scene_count(self, storyboard: Storyboard) -> int:
        return storyboard.scenes.count()

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        own = [
            path("<uuid:pk>/decide/", site.admin_view(require_POST(self.decide)), name="rendering_storyboard_decide"),
            path("<uuid:pk>/submit/", site.admin_view(require_POST(self.submit)), name="rendering_storyboard_submit"),
            path("<uuid:pk>/render/", site.admin_view(require_POST(self.render)), name="rendering_storyboard_render"),
            path(
                "<uuid:pk>/generate/",
                site.admin_view(require_POST(self.generate)),
                name="rendering_storyboard_generate",
            ),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        storyboard = self.get_object(request, object_id)
        context = sheet(request, storyboard) if storyboard else {}
        response: HttpResponse = super().change_view(request, object_id, form_url, (extra_context or {}) | context)
        return response

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (RenderingError, MediaError) as error:
            # Somebody was faster, or an asset is gone: nothing was written.
            messages.error(request, told(error))
            return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Storyboard, form: Any, change: bool) -> None:
        """Nothing yet: the document is written whole, with its scenes, by `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        document = formsets[0].document()
        if change:
            stored = Storyboard.objects.get(pk=form.instance.pk)
            write.rewrite(stored, request.user, document, form.cleaned_data["revision"])  # type: ignore[arg-type]
        else:
            form.instance.pk = write.create(request.user, document).pk  # type: ignore[arg-type]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, Storyboard.objects.get(pk=obj.pk), message)

    def decide(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """One of the decision buttons, on the revision that the page showed."""
        storyboard = get_object_or_404(Storyboard, pk=pk)
        if not request.user.has_perm("rendering.approve_storyboard"):
            return HttpResponse(status=403)
        deed, said = DECISIONS[request.POST.get("decision", "")]
        revision, note = int(request.POST.get("revision", 0)), request.POST.get("note", "")
        return self.act(request, storyboard, lambda: deed(storyboard, request.user, revision, note), said)  # type: ignore[arg-type]

    def submit(self, request: HttpRequest, pk: Any) -> HttpResponse:
        storyboard = get_object_or_404(Storyboard, pk=pk)
        if not self.has_change_permission(request, storyboard):
            return HttpResponse(status=403)
        revision, note = int(request.POST.get("revision", 0)), request.POST.get("note", "")
        return self.act(
            request,
            storyboard,
            lambda: review.submit(storyboard, request.user, revision, note),  # type: ignore[arg-type]
            "Submitted for review.",
        )

    def render(self, request: HttpRequest, pk: Any) -> HttpResponse:
        storyboard = get_object_or_404(Storyboard, pk=pk)
        if not request.user.has_perm("rendering.add_job"):
            return HttpResponse(status=403)
        return self.act(request, storyboard, lambda: order.render(storyboard)[0], "The film is being rendered.")

    def generate(self, request: HttpRequest, pk: Any) -> HttpResponse:
        storyboard = get_object_or_404(Storyboard, pk=pk)
        if not self.has_change_permission(request, storyboard):
            return HttpResponse(status=403)
        brief = request.POST.get("brief", "").strip()
        asked = {"brief": brief} if brief else {"only": ["image", "clip"]}
        return self.act(request, storyboard, lambda: order.generate(storyboard, asked), "The provider is at work.")

    def act(self, request: HttpRequest, storyboard: Storyboard, deed: Any, said: str) -> HttpResponse:
        """Do it; show the job if there is one now, else the storyboard."""
        try:
            done = deed()
        except (RenderingError, MediaError) as error:
            messages.error(request, told(error))
            done = None
        else:
            messages.success(request, said)
        if done is not None and done._meta.model_name == "job":
            return HttpResponseRedirect(reverse("admin:rendering_job_change", args=[done.pk]))
        return HttpResponseRedirect(reverse("admin:rendering_storyboard_change", args=[storyboard.pk]))


def told(error: RenderingError | MediaError) -> str:
    """The sentences of an error, each once."""
    several = [item["detail"] for item in getattr(error, "errors", [])]
    return " ".join(dict.fromkeys(several)) or error.detail


def sheet(request: HttpRequest, storyboard: Storyboard) -> dict[str, Any]:
    """What the page shows above the form: the scenes as pictures, the decision, the history."""
    document = storyboard.document()
    width, height = documents.size(document)
    approval = storyboard.approval
    return {
        "storyboard": storyboard,
        "cards": cards(storyboard),
        "width": width,
        "height": height,
        "seconds": documents.duration(document),
        "estimate": money.estimate(storyboard),
        "approval": approval,
        "stale": approval is not None and not storyboard.is_approved,
        "reviews": storyboard.reviews.select_related("reviewer"),
        "jobs": storyboard.jobs.order_by("-created_at")[:6],
        "may_decide": request.user.has_perm("rendering.approve_storyboard"),
        "may_render": request.user.has_perm("rendering.add_job"),
        "content_fields": CONTENT_FIELDS,
    }


def cards(storyboard: Storyboard) -> list[dict[str, Any]]:
    """Each scene with its time in the film, and the moment that shows it best: its middle."""
    found, at = [], 0.0
    for scene in storyboard.scenes.all():
        overlap = float((scene.transition or {}).get("duration") or 0)
        start = max(at - overlap, 0.0)
        length = float(scene.duration)
        found.append(
            {
                "scene": scene,
                "number": scene.position + 1,
                "start": start,
                "middle": start + length / 2,
                "overlap": overlap,
            }
        )
        at = start + length
    return found
