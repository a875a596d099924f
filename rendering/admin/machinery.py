"""What is behind a job: its segments and the calls to providers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
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

    @display(description="Status", label=STATUS_COLOURS, ordering="status")  # type: ignore[untyped-decorator]
    def status_of(self, row: Any) -> tuple[str, str]:
        return row.status, row.status


@admin.register(Segment)
class SegmentAdmin(MachineAdmin):
    """Runs of frames, for looking into what a job did."""

    list_display = ["number", "job", "kind", "frames", "status_of", "cached", "attempt", "started_at", "finished_at"]
    list_filter = ["status", "kind", "cached"]
    search_fields = ["=job__id", "=key", "error_code"]
    ordering = ["-created_at", "index"]

    def get_queryset(self, request: Any) -> Any:
        listed = request.resolver_match and request.resolver_match.url_name == "rendering_segment_changelist"
        found = super().get_queryset(request)
        return found.defer("spec", "job__document", "job__storyboard__metadata") if listed else found

    @admin.display(description="Segment", ordering="index")
    def number(self, segment: Segment) -> int:
        return segment.index + 1


@admin.register(Prediction)
class PredictionAdmin(MachineAdmin):
    """Calls to providers and what they cost."""

    list_display = ["kind", "job", "provider", "model", "status_of", "quantity", "unit", "cost", "created_at"]
    list_filter = ["status", "provider", "kind"]
    search_fields = ["=job__id", "model", "error_code"]
    ordering = ["-created_at"]

    @admin.display(description="Cost", ordering="amount")
    def cost(self, prediction: Prediction) -> str:
        return f"{prediction.amount} {prediction.currency}"
