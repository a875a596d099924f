"""What is behind a job: its segments and the calls to providers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.formats import date_format
from unfold.decorators import display

from rendering.models import Prediction, Segment
from videoserver.web.admin import ReadOnlyAdmin
from videoserver.work.states import WorkState

STATUS_COLOURS = {
    WorkState.QUEUED: "info",
    WorkState.RUNNING: "warning",
    WorkState.COMPLETED: "success",
    WorkState.FAILED: "danger",
    WorkState.CANCELED: "",
}


class MachineAdmin(ReadOnlyAdmin):
    """Rows of work that belong to a job."""

    list_select_related = ["job__storyboard"]
    list_filter_submit = True

    @admin.display(description="Ended", ordering="finished_at")
    def ended(self, row: Any) -> str:
        return date_format(row.finished_at, "j M Y, H:i:s") if row.finished_at else "—"

    @admin.display(description="Took")
    def took(self, row: Any) -> str:
        if not (row.started_at and row.finished_at):
            return "—"
        return f"{(row.finished_at - row.started_at).total_seconds():.1f} s"

    @display(description="Status", label=STATUS_COLOURS, ordering="status")  # type: ignore[untyped-decorator]
    def status_of(self, row: Any) -> tuple[str, str]:
        return row.status, row.status


@admin.register(Segment)
class SegmentAdmin(MachineAdmin):
    """Runs of frames, for looking into what a job did."""

    list_display = ["number", "job", "kind", "frames", "status_of", "origin", "rendered_by", "attempt", "ended", "took"]
    list_filter = ["status", "kind", "cached", "rendered_by"]
    search_fields = ["=job__id", "=key", "error_code"]
    ordering = ["-created_at", "index"]

    def get_queryset(self, request: Any) -> Any:
        listed = request.resolver_match and request.resolver_match.url_name == "rendering_segment_changelist"
        found = super().get_queryset(request)
        return found.defer("spec", "job__document", "job__storyboard__metadata") if listed else found

    @admin.display(description="Segment", ordering="index")
    def number(self, segment: Segment) -> int:
        return segment.index + 1

    @admin.display(description="Origin", ordering="cached")
    def origin(self, segment: Segment) -> str:
        if segment.status != WorkState.COMPLETED:
            return "—"
        return "reused" if segment.cached else "rendered"


@admin.register(Prediction)
class PredictionAdmin(MachineAdmin):
    """Calls to providers and what they cost."""

    list_display = ["kind", "job", "provider", "model", "status_of", "quantity", "unit", "cost", "ended", "took"]
    list_filter = ["status", "provider", "kind"]
    search_fields = ["=job__id", "model", "error_code"]
    ordering = ["-created_at"]

    @admin.display(description="Cost", ordering="amount")
    def cost(self, prediction: Prediction) -> str:
        return f"{prediction.amount} {prediction.currency}"
