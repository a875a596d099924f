"""Jobs in the admin: a moving bar while they render, then the player; segments and predictions behind them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.decorators import display

from rendering.exceptions import RenderingError
from rendering.models import Job, Prediction, Segment
from rendering.states import ENDED, JobState
from rendering.workflow import order, progress
from videoserver.web.admin import ReadOnlyAdmin

STATUS_COLOURS = {
    JobState.QUEUED: "info",
    JobState.RENDERING: "warning",
    JobState.COMPLETED: "success",
    JobState.FAILED: "danger",
    JobState.CANCELED: "info",
}


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Every order of work."""

    change_form_template = "admin/rendering/job/change_form.html"
    list_display = ["title", "status_of", "owner", "progress_of", "attempt", "created_at", "finished_at"]
    list_filter = ["status", "kind", "created_at"]
    list_select_related = ["owner", "storyboard"]
    search_fields = ["id", "storyboard__title", "owner__username", "error_code"]
    ordering = ["-created_at"]

    @admin.display(description="Job")
    def title(self, job: Job) -> str:
        name = job.storyboard.title if job.storyboard else str(job.pk)
        return f"{job.get_kind_display()}: {name}"

    @display(description="Status", label=STATUS_COLOURS)
    def status_of(self, job: Job) -> str:
        return job.status

    @admin.display(description="Progress")
    def progress_of(self, job: Job) -> str:
        return f"{progress.of(job)['fraction']:.0%}"

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<uuid:pk>/state/", self.admin_site.admin_view(self.state), name="rendering_job_state"),
            path(
                "<uuid:pk>/cancel/", self.admin_site.admin_view(require_POST(self.cancel)), name="rendering_job_cancel"
            ),
            path("<uuid:pk>/retry/", self.admin_site.admin_view(require_POST(self.retry)), name="rendering_job_retry"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        job = self.get_object(request, object_id)
        context = job_context(job) if job else {}
        context["may_act"] = request.user.has_perm("rendering.change_job")
        response: HttpResponse = super().change_view(request, object_id, form_url, (extra_context or {}) | context)
        return response

    def state(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """What the page's bar shows, as JSON."""
        job = get_object_or_404(Job, pk=pk)
        if not self.has_view_permission(request, job):
            return HttpResponse(status=403)
        strip = [
            {"index": segment.index, "status": look(segment), "fraction": fraction(segment)}
            for segment in segments(job)
        ]
        return JsonResponse(
            {"status": job.status, "ended": job.status in ENDED, "progress": progress.of(job), "segments": strip}
        )

    def cancel(self, request: HttpRequest, pk: Any) -> HttpResponse:
        return self.act(request, pk, lambda job: order.cancel(job), "The job is being canceled.")

    def retry(self, request: HttpRequest, pk: Any) -> HttpResponse:
        return self.act(request, pk, order.retry, "A new job was ordered; it keeps the good segments.")

    def act(self, request: HttpRequest, pk: Any, deed: Any, told: str) -> HttpResponse:
        job = get_object_or_404(Job, pk=pk)
        if not request.user.has_perm("rendering.change_job"):
            return HttpResponse(status=403)
        try:
            job = deed(job)
        except RenderingError as error:
            messages.error(request, error.detail)
        else:
            messages.success(request, told)
        return HttpResponseRedirect(reverse("admin:rendering_job_change", args=[job.pk]))


def job_context(job: Job) -> dict[str, Any]:
    """What the job's page shows beside the bar."""
    strip = segments(job)
    frames = sum(segment.frames for segment in strip) or 1
    return {
        "job": job,
        "progress": progress.of(job),
        "segments": [
            {
                "segment": segment,
                "share": 100 * segment.frames / frames,
                "look": look(segment),
                "fraction": fraction(segment),
            }
            for segment in strip
        ],
        "reused": sum(segment.cached for segment in strip),
        "result": job.results.select_related("asset").first(),
        "predictions": job.predictions.select_related("asset"),
        "retries": job.retries.all(),
    }


def segments(job: Job) -> list[Segment]:
    return list(job.segments.defer("spec"))


def look(segment: Segment) -> str:
    return "cached" if segment.cached else segment.status


def fraction(segment: Segment) -> float:
    return round(progress.frames_done(segment) / segment.frames, 3)


@admin.register(Segment)
class SegmentAdmin(ReadOnlyAdmin):
    """Runs of frames, for looking into what a job did."""

    list_display = ["job", "index", "kind", "frames", "status", "cached", "attempt", "started_at", "finished_at"]
    list_filter = ["status", "kind", "cached"]
    search_fields = ["job__id", "key"]
    list_select_related = ["job"]


@admin.register(Prediction)
class PredictionAdmin(ReadOnlyAdmin):
    """Calls to providers and what they cost."""

    list_display = ["kind", "provider", "model", "status", "quantity", "unit", "amount", "currency", "created_at"]
    list_filter = ["status", "provider", "kind"]
    search_fields = ["job__id", "model"]
