"""Who works: each worker's queues, whether they answer, and what its machine holds now. To be read, not changed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from rendering.models import Job
from videoserver.web.admin import ReadOnlyAdmin
from videoserver.work import canary, line
from videoserver.work.models import Worker

ANSWERS, WAITS, SILENT, REFUSES = "answers", "no answer yet", "silent", "refuses to work"
COLOURS = {ANSWERS: "success", WAITS: "warning", SILENT: "danger", REFUSES: "danger"}
IDENTITY = ["name", "queue", "machine", "version"]
"""What tells workers apart, and should be seen for all of them at once."""


@dataclass(frozen=True)
class Held:
    """A row of work that a process holds."""

    what: str
    pk: UUID
    job: UUID | None
    process: str
    until: datetime


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """One row for each queue that a worker command serves."""

    list_display = [*IDENTITY, "state", "beat", "answered", "holds", "began"]
    list_filter = ["queue"]
    search_fields = ["name", "supervisor"]
    ordering = ["name", "queue"]
    fields = [
        *IDENTITY,
        "state",
        "refusal",
        "held_rows",
        "beat",
        "answered",
        "began",
        "encoder",
        "storage",
        "disk",
        "supervisor",
    ]
    readonly_fields = fields

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """What they hold is looked up for the whole list at once."""
        changes = super().get_changelist_instance(request)
        by_place = held({worker.queue for worker in changes.result_list})
        for worker in changes.result_list:
            worker.held = by_place[worker.queue, place(worker)]
        return changes

    @admin.display(description="Machine", ordering="supervisor")
    def machine(self, worker: Worker) -> str:
        return place(worker).split(".")[0]

    @display(description="State", label=COLOURS)  # type: ignore[untyped-decorator]
    def state(self, worker: Worker) -> str:
        if seconds_since(worker.beat_at) > canary.SILENT_AFTER:
            return SILENT
        if worker.refusal:
            return REFUSES
        answered = worker.canary_at and seconds_since(worker.canary_at) <= canary.ANSWERS_FOR
        return ANSWERS if answered else WAITS

    @admin.display(description="Last beat", ordering="beat_at")
    def beat(self, worker: Worker) -> str:
        return ago(worker.beat_at)

    @admin.display(description="Queue answered", ordering="canary_at")
    def answered(self, worker: Worker) -> str:
        return ago(worker.canary_at) if worker.canary_at else "never"

    @admin.display(description="Runs now")
    def holds(self, worker: Any) -> int:
        return len(worker.held)

    @admin.display(description="Started", ordering="started_at")
    def began(self, worker: Worker) -> str:
        return ago(worker.started_at)

    @admin.display(description="Runs now, on this machine")
    def held_rows(self, worker: Worker) -> str | SafeString:
        rows = held({worker.queue})[worker.queue, place(worker)]
        if not rows:
            return "Nothing."
        return format_html(
            "<ul>{}</ul>", format_html_join("", "<li>{} in process {}, lease {} s</li>", map(told, rows))
        )


def held(queues: set[str]) -> defaultdict[tuple[str, str], list[Held]]:
    """The rows under a lease by queue and place. Which of a place's workers has one is known on that place alone."""
    found: defaultdict[tuple[str, str], list[Held]] = defaultdict(list)
    for model in line.models():
        for queue, rung in model.bells().items():
            if queue not in queues:
                continue
            job = "pk" if model is Job else "job_id" if hasattr(model, "job_id") else None
            rows = model.objects.live().filter(rung, ~Q(claimed_by=""), lease_until__isnull=False)
            for pk, claimed_by, until, *of in rows.values_list(
                "pk", "claimed_by", "lease_until", *([job] if job else [])
            ):
                where, _, process = claimed_by.partition(":")
                name = str(model._meta.verbose_name)
                found[queue, where].append(Held(name, pk, of[0] if of else None, process.split(":")[0], until))
    return found


def told(row: Held) -> tuple[str | SafeString, str, int]:
    name: str | SafeString = f"{row.what} {row.pk}"
    if row.job:
        name = format_html('<a href="{}">{}</a>', reverse("admin:rendering_job_change", args=[row.job]), name)
    return name, row.process, round(-seconds_since(row.until))


def place(worker: Worker) -> str:
    """Host, boot and pid namespace."""
    return worker.supervisor.partition(":")[0]


def seconds_since(moment: datetime) -> float:
    return (timezone.now() - moment).total_seconds()


def ago(moment: datetime) -> str:
    """For people: an age up to an hour, else the time."""
    seconds = max(0, round(seconds_since(moment)))
    if seconds >= 3600:
        return date_format(moment, "j M Y, H:i:s")
    return f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago"
