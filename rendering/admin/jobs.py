"""Jobs in the admin: a moving bar while they render, then the player."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display

from rendering.admin import bars
from rendering.admin.deeds import told
from rendering.exceptions import RenderingError
from rendering.models import Job, Segment
from rendering.states import ENDED, JobState
from rendering.workflow import order, progress
from videoserver.web.admin import ReadOnlyAdmin
from videoserver.work.row import HIGHEST_PRIORITY
from videoserver.work.states import WorkState

STATUS_COLOURS = {
    JobState.QUEUED: "info",
    JobState.RENDERING: "warning",
    JobState.COMPLETED: "success",
    JobState.FAILED: "danger",
    JobState.CANCELED: "",
}


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Every order of work."""

    change_form_template = "admin/rendering/job/change_form.html"
    list_display = ["title", "kind", "status_of", "progress_of", "owner", "ordered", "took", "error_code"]
    list_filter = ["status", "kind", "created_at"]
    list_select_related = ["owner", "storyboard"]
    search_fields = ["=id", "storyboard__title", "owner__username", "error_code"]
    ordering = ["-created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """The list draws the bars of the jobs under way from two queries, however many there are."""
        found: QuerySet[Job] = super().get_queryset(request)
        listed = request.resolver_match and request.resolver_match.url_name == "rendering_job_changelist"
        return bars.ready(found) if listed else found

    @admin.display(description="Job")
    def title(self, job: Job) -> str:
        return job.storyboard.title if job.storyboard else str(job.pk)

    @display(description="Status", label=STATUS_COLOURS, ordering="status")  # type: ignore[untyped-decorator]
    def status_of(self, job: Job) -> tuple[str, str]:
        return job.status, JobState(job.status).label

    @admin.display(description="Progress")
    def progress_of(self, job: Job) -> SafeString | str:
        if job.has_ended:
            return "100%" if job.status == JobState.COMPLETED else "—"
        percent = f"{100 * bars.fraction(job):.0f}%"
        bar = '<span class="vs-bar vs-bar-small" aria-hidden="true"><span style="width:{0}"></span></span> {0}'
        return format_html(bar, percent)

    @admin.display(description="Ordered", ordering="created_at")
    def ordered(self, job: Job) -> str:
        return date_format(job.created_at, "j M Y, H:i:s")

    @admin.display(description="Took")
    def took(self, job: Job) -> str:
        if not (job.started_at and job.finished_at):
            return "—"
        seconds = (job.finished_at - job.started_at).total_seconds()
        return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:pk>/state/", view(self.state), name="rendering_job_state"),
            path("<uuid:pk>/cancel/", view(require_POST(self.cancel)), name="rendering_job_cancel"),
            path("<uuid:pk>/priority/", view(require_POST(self.prioritize)), name="rendering_job_priority"),
            path("<uuid:pk>/retry/", view(require_POST(self.retry)), name="rendering_job_retry"),
        ]
        return [*own, *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The page says it all in its own way."""
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        job = self.get_object(request, object_id)
        context = page_of(job) if job else {}
        context["may_act"] = request.user.has_perm("rendering.change_job")
        context["may_prioritize"] = order.may_prioritize(cast(User, request.user))
        response: HttpResponse = super().change_view(request, object_id, form_url, (extra_context or {}) | context)
        return response

    def state(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """What the page's bar shows, as JSON."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        job = get_object_or_404(Job, pk=pk)
        return JsonResponse(
            {
                "status": job.status,
                "ended": job.status in ENDED,
                "progress": progress.of(job),
                "segments": [
                    {"index": segment.index, "status": look(segment), "fraction": fraction(segment)}
                    for segment in segments(job)
                ],
                "made": made(job),
            }
        )

    def cancel(self, request: HttpRequest, pk: Any) -> HttpResponse:
        return self.act(request, pk, order.cancel, "The job is being canceled.")

    def retry(self, request: HttpRequest, pk: Any) -> HttpResponse:
        by = cast(User, request.user)
        return self.act(
            request, pk, lambda job: order.retry(job, by), "A new job was ordered; it keeps the good segments."
        )

    def prioritize(self, request: HttpRequest, pk: Any) -> HttpResponse:
        asked = request.POST.get("priority", "")
        if asked not in map(str, range(HIGHEST_PRIORITY + 1)):
            return HttpResponseBadRequest("A priority is a number from 0 to 9.")
        if not order.may_prioritize(cast(User, request.user)):
            raise PermissionDenied
        return self.act(request, pk, lambda job: order.prioritize(job, int(asked)), f"The job has priority {asked}.")

    def act(self, request: HttpRequest, pk: Any, deed: Callable[[Job], Job], said: str) -> HttpResponse:
        if not (request.user.has_perm("rendering.change_job") and self.has_view_permission(request)):
            raise PermissionDenied
        job = get_object_or_404(Job, pk=pk)
        try:
            job = deed(job)
        except RenderingError as error:
            messages.error(request, told(error))
        else:
            messages.success(request, said)
        return HttpResponseRedirect(reverse("admin:rendering_job_change", args=[job.pk]))


def page_of(job: Job) -> dict[str, Any]:
    """What the job's page shows."""
    strip = segments(job)
    result = job.results.select_related("asset").first()
    return {
        "job": job,
        "progress": progress.of(job),
        "segments": [
            {"segment": segment, "look": look(segment), "fraction": 100 * fraction(segment)} for segment in strip
        ],
        "broken_scenes": sorted(
            {scene + 1 for segment in strip if segment.status == WorkState.FAILED for scene in segment.scenes}
        ),
        "reused": sum(segment.cached for segment in strip),
        "result": result,
        "width": result.width if result else None,
        "height": result.height if result else None,
        "predictions": job.predictions.select_related("asset"),
        "retries": job.retries.all(),
        "ahead": Job.objects.ahead_of(job).count(),
        "priorities": range(HIGHEST_PRIORITY + 1),
    }


def segments(job: Job) -> list[Segment]:
    return list(job.segments.defer("spec"))


def look(segment: Segment) -> str:
    return "cached" if segment.cached else segment.status


def fraction(segment: Segment) -> float:
    return round(progress.frames_done(segment) / segment.frames, 3)


def made(job: Job) -> list[dict[str, str]]:
    """The pictures that a provider has made so far."""
    return [
        {"id": str(row.asset_id), "words": str(row.inputs.get("prompt", ""))[:80]}
        for row in job.predictions.select_related("asset")
        if row.asset and row.asset.thumbnail_url
    ]
