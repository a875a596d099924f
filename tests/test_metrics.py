"""What Prometheus reads: who may, in what form, and that each figure is the one it says."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests.base import Api, problem
from tests.test_docs import rows, section
from tests.work.errands.models import Errand
from videoserver import metrics
from videoserver.work.models import Worker

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
    assert "work_rows{model=errand,status=canceled}" not in now, "what has ended is not counted"


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


def test_every_metric_is_documented_with_its_labels_and_no_other() -> None:
    told = {name: set(re.findall("`([^`]+)`", row.split("|")[1])) for name, row in rows(section("Metrics")).items()}
    Worker.objects.create(queue="default", supervisor="a:1:1", beat_at=timezone.now(), canary_at=timezone.now())
    found = {sample.name: set(sample.labels) for metric in metrics.Figures().collect() for sample in metric.samples}
    assert told == found
