"""`/metrics`: figures for Prometheus, each read from the database or the disk when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, F, When
from django.db.models.functions import Coalesce, Now
from django.http import HttpResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.views import APIView

from videoserver.web.permissions import HasScope
from videoserver.work import canary, line, workspace
from videoserver.work.row import WorkState

SINCE = Case(
    # Its last child was done when it was last written; a bell that is rung again says nothing about that.
    When(waiting_for=0, then=F("updated_at")),
    default=Coalesce("lease_until", "run_after", "created_at"),
)
"""Since when a claimable row has been one."""


class MetricsView(APIView):
    """For staff, as the machine's part of health is: with a session, or with a key that may read."""

    permission_classes = [IsAdminUser, HasScope]
    schema = None  # no part of the API

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """There is one form, whatever is asked for."""
        return super().perform_content_negotiation(request, force=True)

    def get(self, request: Request) -> HttpResponse:
        """All of them, in the text format."""
        response = HttpResponse(generate_latest(Figures()), content_type=CONTENT_TYPE_PLAIN_0_0_4)
        response["Cache-Control"] = "no-store"
        return response


class Figures(Collector):
    """What is so now; every server of one database says the same of the work, and each its own of its disk."""

    def collect(self) -> Iterator[Metric]:
        yield from workspaces()
        yield rows_of_work()
        yield oldest_claimable()
        yield from queues()


def workspaces() -> Iterator[Metric]:
    seen = workspace.census()
    yield gauge("workspaces", "Scratch folders on this server's disk.", seen.count)
    yield gauge("workspaces_bytes", "Bytes in them.", seen.bytes)
    yield gauge("workspaces_oldest_seconds", "Seconds since the oldest of them was last written to.", seen.oldest)
    yield CounterMetricFamily(
        "videoserver_workspace_removal_failures", "How often one could not be removed.", value=seen.failures
    )


def rows_of_work() -> Metric:
    """Live ones alone: to count those that have ended is to read whole tables."""
    metric = gauge("work_rows", "Rows of work that have not ended.", labels=["model", "status"])
    for model in line.models():
        known = {WorkState.QUEUED.value: 0, str(model.RUNNING): 0}
        found = model.objects.live().order_by().values_list("status").annotate(count=Count("pk"))
        for status, count in {**known, **dict(found)}.items():
            metric.add_metric([str(model._meta.model_name), status], count)
    return metric


def oldest_claimable() -> Metric:
    metric = gauge(
        "work_oldest_claimable_seconds", "How long the oldest row that could be claimed has waited.", labels=["queue"]
    )
    ages = dict.fromkeys(settings.SERVABLE, 0.0)
    for model in line.models():
        for name, rows in model.bells().items():
            due = model.objects.claimable().filter(rows).annotate(since=SINCE, now=Now()).order_by("since")
            for since, now in due.values_list("since", "now")[:1]:
                ages[name] = max(ages.get(name, 0.0), (now - since).total_seconds())
    for name, age in ages.items():
        metric.add_metric([name], age)
    return metric


def queues() -> Iterator[Metric]:
    workers = gauge(
        "workers", "Worker commands that serve the queue and said within 45 s that they live.", labels=["queue"]
    )
    answered = gauge(
        "queue_canary_seconds", "Seconds since the queue last answered; none if it never did.", labels=["queue"]
    )
    for name in settings.SERVABLE:
        workers.add_metric([name], canary.workers(name).count())
        if (age := canary.age(name)) is not None:
            answered.add_metric([name], age)
    yield from (workers, answered)


def gauge(name: str, told: str, value: float | None = None, labels: list[str] | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"videoserver_{name}", told, value=value, labels=labels)
