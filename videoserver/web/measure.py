"""What requests took: the middleware that times them, and the counters that `/metrics` shows.

They are this process's own, and begin at 0 with it; whoever scrapes several servers adds them up, and knows of resets.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django_structlog import signals
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each, which the text format has no use for
REGISTRY = CollectorRegistry()
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Prometheus's own, up to the longest wait that an order may ask for."""
REQUESTS = Counter("videoserver_http_requests", "Requests that were answered.", ["route", "status"], registry=REGISTRY)
LATENCY = Histogram(
    "videoserver_http_request_seconds",
    "From a request's arrival to the beginning of its answer.",
    ["route"],
    buckets=BUCKETS,
    registry=REGISTRY,
)
PREFIXES = (("/health", "health"), ("/metrics", "metrics"), ("/admin", "admin"), ("/static/", "static"))
ROUTES = ("health", "metrics", "admin", "static", "events", "file", "upload", "wait", "api", "other")
"""Few, and none of a caller's making: each is a row of figures in every server."""
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
_BEGAN = "_videoserver_began"

Handler = Callable[[HttpRequest], HttpResponseBase]


def middleware(handle: Handler) -> Handler:
    """Stands before all others, so that it times them too."""

    def measured(request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        setattr(request, _BEGAN, began)
        response = handle(request)
        kind = route(request, response)
        REQUESTS.labels(kind, f"{response.status_code // 100}xx").inc()
        LATENCY.labels(kind).observe(time.monotonic() - began)
        return response

    return measured


def route(request: HttpRequest, response: HttpResponseBase) -> str:
    """The kind of a request: what takes long by its nature stands apart from what should be quick."""
    for prefix, kind in PREFIXES:
        if request.path.startswith(prefix):
            return kind
    if not request.path.startswith("/api/"):
        return "other"
    if isinstance(response, StreamingHttpResponse):
        return "events" if response.get("Content-Type", "").startswith("text/event-stream") else "file"
    if request.headers.get("Content-Type", "").startswith("multipart/"):
        return "upload"
    return "wait" if "wait" in request.headers.get("Prefer", "") else "api"


@receiver([signals.bind_extra_request_finished_metadata, signals.bind_extra_request_failed_metadata])
def add_duration(sender: Any, request: HttpRequest, log_kwargs: dict[str, Any], **_: Any) -> None:
    """The line of a request says how long it took until its answer began."""
    if (began := getattr(request, _BEGAN, None)) is not None:
        log_kwargs["duration_ms"] = round((time.monotonic() - began) * 1000, 1)


for _kind in ROUTES:
    for _class in CLASSES[1:]:
        REQUESTS.labels(_kind, _class)
    LATENCY.labels(_kind)
