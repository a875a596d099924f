"""What Prometheus reads: who may, in what form, and that each figure is the one it says."""

from __future__ import annotations

import platform
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests.base import Api, problem
from tests.test_docs import rows, section
from tests.work.errands.models import Errand
from videoserver import metrics
from videoserver.web import measure
from videoserver.work import ended
from videoserver.work.models import EndedWork, Worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Any) -> Path:
    """The workspaces of one test."""
    settings.WORKSPACES_DIR = tmp_path / "workspaces"
    return tmp_path / "workspaces"


def figures(client: Client) -> dict[str, float]:
    """Every sample as a scraper reads it: `name{label=value,…}` → value."""
    answer = client.get("/metrics", HTTP_ACCEPT="text/plain")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[sample.name.removeprefix("videoserver_") + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def ago(seconds: float) -> Any:
    return Now() - timedelta(seconds=seconds)


def test_only_staff_read_them(api: type[Api], author_api: Api, reviewer: User, reviewer_admin: Client) -> None:
    problem(api().get("/metrics"), 401, "authentication_required")
    problem(author_api.get("/metrics"), 403, "permission_denied")
    problem(api(reviewer, "write").get("/metrics"), 403, "scope_missing")
    assert api(reviewer, "read").get("/metrics").status_code == 200
    assert reviewer_admin.get("/metrics/").status_code == 200


def test_a_scraper_sends_its_key_as_a_bearer(api: type[Api], reviewer: User) -> None:
    accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4"
    key = api(reviewer, "read").key_text
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {key}", "Accept": accept})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")


def test_workspaces_are_counted_and_weighed(root: Path, reviewer_admin: Client) -> None:
    before = figures(reviewer_admin)
    assert [before[name] for name in ("workspaces", "workspaces_bytes", "workspaces_oldest_seconds")] == [0, 0, 0]
    (root / "job_one").mkdir(parents=True)
    (root / "job_one" / "film.mp4").write_bytes(bytes(5000))
    root.with_name("workspaces.failures").write_bytes(b"...")
    now = figures(reviewer_admin)
    assert (now["workspaces"], now["workspaces_bytes"]) == (1, 5000)
    assert 0 <= now["workspaces_oldest_seconds"] < 60
    assert now["workspace_removal_failures_total"] == 3


def test_live_rows_are_counted_by_model_and_status(reviewer_admin: Client) -> None:
    Errand.objects.claim(Errand.objects.create().pk)
    Errand.objects.create()
    Errand.objects.create()
    Errand.objects.create().request_cancel()
    now = figures(reviewer_admin)
    assert now["work_rows{model=errand,status=queued}"] == 2
    assert now["work_rows{model=errand,status=running}"] == 1
    assert now["work_rows{model=job,status=rendering}"] == now["work_rows{model=segment,status=queued}"] == 0
    assert "work_rows{model=errand,status=canceled}" not in now, "what has ended is not live"


@pytest.mark.parametrize(
    ("state", "waited"),
    [
        ({"created_at": ago(100)}, 100),
        ({"created_at": ago(100), "run_after": ago(40)}, 40),
        ({"created_at": ago(100), "run_after": ago(-40)}, 0),
        ({"created_at": ago(100), "status": "running", "lease_until": ago(30)}, 30),
        ({"created_at": ago(100), "status": "running", "lease_until": ago(-30)}, 0),
        ({"created_at": ago(100), "status": "running", "waiting_for": 0, "updated_at": ago(20), "rung_at": Now()}, 20),
        ({"created_at": ago(100), "status": "running", "waiting_for": 2}, 0),
        ({"created_at": ago(100), "status": "completed", "finished_at": Now()}, 0),
    ],
)
def test_the_oldest_claimable_row_is_as_old_as_its_wait(
    state: dict[str, Any], waited: float, reviewer_admin: Client
) -> None:
    Errand.objects.filter(pk=Errand.objects.create().pk).update(**state)
    now = figures(reviewer_admin)
    assert now["work_oldest_claimable_seconds{queue=default}"] == pytest.approx(waited, abs=5)
    assert now["work_oldest_claimable_seconds{queue=render}"] == 0


def test_queues_are_told_by_their_workers_and_their_canaries(reviewer_admin: Client) -> None:
    now, long_ago = timezone.now(), timezone.now() - timedelta(seconds=500)
    Worker.objects.create(queue="default", supervisor="a:1:1", beat_at=now, canary_at=now - timedelta(seconds=70))
    Worker.objects.create(queue="default", supervisor="b:1:1", beat_at=now)
    Worker.objects.create(queue="default", supervisor="dead:1:1", beat_at=long_ago, canary_at=long_ago)
    seen = figures(reviewer_admin)
    assert (seen["workers{queue=default}"], seen["workers{queue=render}"]) == (2, 0)
    assert seen["queue_canary_seconds{queue=default}"] == pytest.approx(70, abs=5)
    assert "queue_canary_seconds{queue=render}" not in seen, "it never answered"


def test_what_has_ended_is_counted_by_kind_status_and_code(reviewer_admin: Client) -> None:
    Errand.objects.create().request_cancel()
    for minutes in (1, 20):
        pk = Errand.objects.create().pk
        Errand.objects.filter(pk=pk).update(created_at=ago(60 * minutes + 3))
        row = Errand.objects.claim(pk)
        Errand.objects.filter(pk=pk).update(started_at=ago(60 * minutes))
        row.finish()
    Errand.objects.claim(Errand.objects.create().pk).fail("input_gone", "It is gone.")
    now = figures(reviewer_admin)
    assert now["work_ended_total{code=,kind=,model=errand,status=completed}"] == 2
    assert now["work_ended_total{code=,kind=,model=errand,status=canceled}"] == 1
    assert now["work_ended_total{code=input_gone,kind=,model=errand,status=failed}"] == 1
    assert now["work_run_seconds_count{kind=,model=errand}"] == 3, "one never began"
    assert now["work_run_seconds_sum{kind=,model=errand}"] == pytest.approx(21 * 60, abs=5)
    runs = [now[f"work_run_seconds_bucket{{kind=,le={bound},model=errand}}"] for bound in ("30.0", "120.0", "1800.0")]
    assert runs == [1, 2, 3]
    assert now["work_wait_seconds_bucket{kind=,le=+Inf,model=errand}"] == 3
    assert now["work_wait_seconds_sum{kind=,model=errand}"] == pytest.approx(6, abs=1)


def test_counters_never_go_back_whatever_is_deleted_or_put_together(reviewer_admin: Client) -> None:
    for number in range(6):
        row = Errand.objects.claim(Errand.objects.create().pk)
        row.finish() if number % 2 else row.fail("input_gone", "It is gone.")
    before = {name: value for name, value in figures(reviewer_admin).items() if name.startswith("work_")}
    Errand.objects.all().delete()
    assert ended.fold(above=0) == 4
    assert EndedWork.objects.count() == 2
    after = figures(reviewer_admin)
    changed = {name: (value, after[name]) for name, value in before.items() if after[name] != pytest.approx(value)}
    assert not changed
    assert ended.fold(above=2) == 0, "few rows stay as they are"


def test_an_end_that_is_rolled_back_is_not_counted(reviewer_admin: Client) -> None:
    row = Errand.objects.claim(Errand.objects.create().pk)
    with pytest.raises(RuntimeError), transaction.atomic():
        row.finish()
        raise RuntimeError
    assert not EndedWork.objects.exists()


def test_requests_are_counted_by_kind_and_class(author_api: Api, reviewer_admin: Client) -> None:
    before = figures(reviewer_admin)
    author_api.get("/api/v1/jobs/")
    author_api.get("/api/v1/jobs/00000000-0000-4000-8000-000000000000/")
    Client().get("/health/live")
    Client().get("/nowhere")
    Client().get("/api/v1/jobs/")
    after = figures(reviewer_admin)
    grown = {name: after[name] - value for name, value in before.items() if name.startswith("http_requests")}
    assert {name: growth for name, growth in grown.items() if growth} == {
        "http_requests_total{route=api,status=2xx}": 1,
        "http_requests_total{route=api,status=4xx}": 2,
        "http_requests_total{route=health,status=2xx}": 1,
        "http_requests_total{route=metrics,status=2xx}": 1,
        "http_requests_total{route=other,status=4xx}": 1,
    }
    name = "http_request_seconds_count{route=api}"
    assert after[name] - before[name] == 3
    assert after["http_request_seconds_sum{route=api}"] > before["http_request_seconds_sum{route=api}"]


@pytest.mark.parametrize(
    ("path", "headers", "response", "kind"),
    [
        ("/api/v1/jobs/x/events/", {}, StreamingHttpResponse([], content_type="text/event-stream"), "events"),
        ("/api/v1/videos/x/final.mp4", {}, StreamingHttpResponse([], content_type="video/mp4"), "file"),
        ("/api/v1/media/", {"Content-Type": "multipart/form-data; boundary=x"}, HttpResponse(), "upload"),
        ("/api/v1/jobs/", {"Prefer": "wait=30"}, HttpResponse(), "wait"),
        ("/api/v1/jobs/", {}, HttpResponse(), "api"),
        ("/admin/rendering/job/", {}, HttpResponse(), "admin"),
        ("/static/rendering/icon.svg", {}, StreamingHttpResponse([]), "static"),
    ],
)
def test_what_takes_long_by_its_nature_is_a_kind_of_its_own(
    path: str, headers: dict[str, str], response: HttpResponse, kind: str
) -> None:
    content_type = headers.get("Content-Type", "application/json")
    request = RequestFactory().generic("POST", path, content_type=content_type, headers=headers)
    assert measure.route(request, response) == kind
    assert kind in measure.ROUTES


def test_the_disk_the_build_and_the_workers_are_told(reviewer_admin: Client, settings: Any) -> None:
    about = {"version": "0.2.0", "encoder": "PyAV 18, veryfast, CRF 20"}
    Worker.objects.create(name="blue", queue="render", supervisor="a:1:1", beat_at=timezone.now(), **about)
    Worker.objects.create(name="gone", queue="render", supervisor="b:1:1", beat_at=timezone.now() - timedelta(hours=1))
    now = figures(reviewer_admin)
    assert now[f"build_info{{python={platform.python_version()},version={settings.VERSION}}}"] == 1
    blue = f"worker_info{{encoder={about['encoder']},name=blue,queue=render,version={about['version']}}}"
    assert [name for name in now if name.startswith("worker_info")] == [blue]
    assert 0 < now["disk_free_bytes"] < now["disk_total_bytes"]


def test_a_part_that_cannot_be_read_is_named_and_the_others_are_there(
    reviewer_admin: Client, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path / "not" / "mounted"
    with connection.execute_wrapper(refuse(Worker._meta.db_table)):
        now = figures(reviewer_admin)
    missing = {name for name, value in now.items() if name.startswith("metrics_missing") and value}
    assert missing == {f"metrics_missing{{part={part}}}" for part in ("disk", "each_worker", "queues")}
    assert "work_rows{model=errand,status=queued}" in now and "workspaces" in now


def refuse(table: str) -> Any:
    """Have the database refuse every statement that names the table."""

    def wrapper(execute: Any, sql: str, *rest: Any) -> Any:
        if table in sql:
            raise OperationalError("refused")
        return execute(sql, *rest)

    return wrapper


def test_every_metric_is_documented_with_its_labels_and_no_other() -> None:
    told = {name: set(re.findall("`([^`]+)`", row.split("|")[1])) for name, row in rows(section("Metrics")).items()}
    Worker.objects.create(queue="default", supervisor="a:1:1", beat_at=timezone.now(), canary_at=timezone.now())
    Errand.objects.claim(Errand.objects.create().pk).finish()
    found = {}
    for metric in metrics.Figures().collect():
        for sample in metric.samples:
            # A histogram is one figure to its reader, and three series to the scraper.
            name = metric.name if metric.type == "histogram" else sample.name
            found[name] = set(sample.labels) - {"le"}
    assert told == found
