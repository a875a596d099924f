"""`/metrics`: figures for Prometheus. What is so now is read when somebody asks; what ended was counted as it did."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import Case, Count, F, When
from django.db.models.functions import Coalesce, Now
from django.http import HttpResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.views import APIView

from videoserver import health
from videoserver.web import measure
from videoserver.web.permissions import HasScope
from videoserver.work import canary, ended, line, workspace
from videoserver.work.row import WorkState

logger = structlog.get_logger(__name__)

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
    """Every server of one database says the same of the work, and each its own of its disk and its requests."""

    def collect(self) -> Iterator[Metric]:
        """One part that cannot be read leaves the others in the answer."""
        missing = gauge(
            "metrics_missing", "Parts of this page that could not be read; the log says why.", labels=["part"]
        )
        for part in PARTS:
            try:
                yield from list(part())
                missing.add_metric([part.__name__], 0)
            except (DatabaseError, OSError) as error:
                logger.warning("A part of the metrics could not be read", part=part.__name__, error=str(error))
                missing.add_metric([part.__name__], 1)
        yield missing


def build() -> Iterator[Metric]:
    info = gauge("build_info", "What answers here; always 1.", labels=["version", "python"])
    info.add_metric([settings.VERSION, platform.python_version()], 1)
    yield info


def requests() -> Iterator[Metric]:
    yield from measure.REGISTRY.collect()


def disk() -> Iterator[Metric]:
    usage = shutil.disk_usage(settings.DATA_DIR)
    yield gauge("disk_free_bytes", "Free on the disk of this server's DATA_DIR.", usage.free)
    yield gauge("disk_total_bytes", "The size of that disk.", usage.total)


def workspaces() -> Iterator[Metric]:
    seen = workspace.census()
    yield gauge("workspaces", "Scratch folders on this server's disk.", seen.count)
    yield gauge("workspaces_bytes", "Bytes in them.", seen.bytes)
    yield gauge("workspaces_oldest_seconds", "Seconds since the oldest of them was last written to.", seen.oldest)
    yield CounterMetricFamily(
        "videoserver_workspace_removal_failures", "How often one could not be removed.", value=seen.failures
    )


def rows_of_work() -> Iterator[Metric]:
    """Live ones alone: those that have ended are in `work_ended`."""
    metric = gauge("work_rows", "Rows of work that have not ended.", labels=["model", "status"])
    for model in line.models():
        known = {WorkState.QUEUED.value: 0, str(model.RUNNING): 0}
        found = model.objects.live().order_by().values_list("status").annotate(count=Count("pk"))
        for status, count in {**known, **dict(found)}.items():
            metric.add_metric([str(model._meta.model_name), status], count)
    yield metric


def oldest_claimable() -> Iterator[Metric]:
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
    yield metric


def ended_work() -> Iterator[Metric]:
    """Counted since the counters were installed, by all processes, whatever was deleted since."""
    sums = ended.sums()
    ends = CounterMetricFamily("videoserver_work_ended", "Rows of work that have ended.", labels=ended.LABELS)
    for labels, count in sums.ends.items():
        ends.add_metric(labels, count)
    yield ends
    for name, told, spreads in (
        ("work_wait_seconds", "From an order to the first start of its work.", sums.waits),
        ("work_run_seconds", "From the first start of work to its end, retries and all.", sums.runs),
    ):
        metric = HistogramMetricFamily(f"videoserver_{name}", told, labels=["model", "kind"])
        for alike, spread in spreads.items():
            metric.add_metric(alike, spread.cumulated(), spread.seconds)
        yield metric


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


def each_worker() -> Iterator[Metric]:
    info = gauge("worker_info", "Worker commands that live, by queue; always 1.", labels=list(WORKER_LABELS))
    for values in sorted(set(canary.beating().values_list(*WORKER_LABELS))):
        info.add_metric(values, 1)
    yield info


def health_checks() -> Iterator[Metric]:
    metric = gauge("health_check", "1 if the check of /health/ready is good, else 0.", labels=["check"])
    for name, found in health.report()["checks"].items():
        metric.add_metric([name], int(found["ok"]))
    yield metric


WORKER_LABELS = ("name", "queue", "version", "encoder")
"""The columns of Worker that `worker_info` shows."""
PARTS: tuple[Callable[[], Iterator[Metric]], ...] = (
    build,
    requests,
    disk,
    workspaces,
    rows_of_work,
    oldest_claimable,
    ended_work,
    queues,
    each_worker,
    health_checks,
)


def gauge(name: str, told: str, value: float | None = None, labels: list[str] | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"videoserver_{name}", told, value=value, labels=labels)
