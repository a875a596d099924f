"""Amid a deployment: workers of two versions share one database, and neither spoils what the other one wrote."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as shipped
from django.contrib.auth.models import User
from django.utils.module_loading import import_string

from rendering import tasks
from rendering.engine import segments
from rendering.models import Job, Segment, Storyboard
from rendering.states import RUN_HERE, JobKind, JobState
from rendering.video_templates import catalogue
from rendering.video_templates.closing import Closing
from rendering.workflow import newer, order, review, segment_run, write
from tests.base import Api
from tests.workflow.queue import let_time_pass, work_off
from videoserver.work import line, recover

pytestmark = pytest.mark.django_db
UNKNOWN = sorted(kind.value for kind in set(JobKind) - RUN_HERE)
"""Named in the database's constraint as a migration ahead of the code would do it, and not run by this code."""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SEGMENTS_DIR = tmp_path / "segments"
    monkeypatch.setattr(newer, "_told", set())


@pytest.fixture
def job(approved: Storyboard) -> Job:
    return order.render(approved)[0]


@pytest.fixture
def foreign(author: User) -> Job:
    """A job that newer code ordered."""
    return Job.objects.create(kind=UNKNOWN[0], owner=author, input_hash="0" * 64, forced=True, options={"start": 1})


def texts(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.msg["event"] if isinstance(record.msg, dict) else record.getMessage() for record in caplog.records]


def test_every_kind_that_is_claimed_has_code_that_runs_it() -> None:
    assert set(tasks.RUNS) == RUN_HERE
    assert UNKNOWN


def test_a_job_of_an_unknown_kind_is_left_as_it_is_and_told_once(
    foreign: Job, job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    before = Job.objects.filter(pk=foreign.pk).values().get()
    assert not tasks.run_job(str(foreign.pk))
    found = line.up_next(Job.QUEUE)
    assert found and found[2] == job.pk, "others are not kept waiting"
    work_off(job)
    assert line.up_next(Job.QUEUE) is None
    recover.reap(patience=0)
    with caplog.at_level(logging.WARNING):
        newer.tell()
        newer.tell()
    assert Job.objects.filter(pk=foreign.pk).values().get() == before
    told = [text for text in texts(caplog) if "newer code" in text]
    assert told == [f"1 jobs of the kind {UNKNOWN[0]!r} are left to workers with newer code"]


def test_the_supervisor_tells() -> None:
    assert newer.tell in [import_string(path) for path in shipped.WORK_CHORES]


def test_a_job_of_an_unknown_kind_can_be_read_and_canceled(foreign: Job, author_api: Api) -> None:
    Job.objects.filter(pk=foreign.pk).update(stage="polishing", status="rendering")
    body = author_api.get(f"/api/v1/jobs/{foreign.pk}/").json()
    assert (body["kind"], body["stage"]) == (UNKNOWN[0], "polishing")
    assert author_api.get("/api/v1/jobs/").status_code == 200
    assert author_api.post(f"/api/v1/jobs/{foreign.pk}/cancel/").json()["status"] == "canceled"


class Globe(Closing):
    """What only newer code has."""

    template = "globe"


@pytest.fixture
def newer_template(author: User, reviewer: User, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job whose template only newer code has."""
    monkeypatch.setattr(catalogue, "_templates", dict(catalogue._templates))
    catalogue.register(Globe)
    scene = {"template": "globe", "duration": 1, "params": {"title": "Round", "call_to_action": "Come"}}
    document = {"title": "Globe", "width": 64, "height": 64, "fps": 8, "scenes": [scene]}
    board = review.submit(write.create(author, document), author)
    job = order.render(review.approve(board, reviewer, board.revision))[0]
    del catalogue._templates["globe"]
    return job


def test_a_template_that_only_newer_code_has_is_left_to_it(
    newer_template: Job, caplog: pytest.LogCaptureFixture
) -> None:
    job = newer_template
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            work_off(job)
            assert not job.has_ended
            assert (job.attempt, job.retry_count, job.lease_until) == (0, 0, None)
            let_time_pass(job)
    assert len([text for text in texts(caplog) if "Left to a worker with newer code" in text]) == 5
    assert job.warnings == []
    catalogue.register(Globe)
    assert work_off(job).status == JobState.COMPLETED


def test_a_template_that_nobody_has_after_a_day_fails_the_job(newer_template: Job) -> None:
    job = newer_template
    Job.objects.filter(pk=job.pk).update(created_at=job.created_at - timedelta(days=2))
    work_off(job)
    assert (job.status, job.error_code, job.error_pointer) == ("failed", "unknown_template", "/scenes/0/template")


def with_engine(monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    """Be a worker that has this version of the engine."""
    monkeypatch.setattr(newer, "ENGINE_VERSION", version)
    monkeypatch.setattr(segments, "ENGINE_VERSION", version)


def test_a_segment_of_a_newer_engine_is_not_drawn_by_an_older_one(
    job: Job, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = segments.ENGINE_VERSION
    with_engine(monkeypatch, ours + 1)
    tasks.run_job(str(job.pk))
    with_engine(monkeypatch, ours)
    with caplog.at_level(logging.WARNING):
        work_off(job)
    assert not job.has_ended
    for row in job.segments.all():
        assert (row.attempt, row.retry_count, row.lease_until, row.finished_at) == (0, 0, None, None)
        assert segment_run.cache().find(row.key) is None, "the newer engine's cache keeps its own pictures only"
    left = [text for text in texts(caplog) if "Left to a worker with newer code" in text]
    assert len(left) == job.segments.count()
    with_engine(monkeypatch, ours + 1)
    let_time_pass(job)
    assert work_off(job).status == JobState.COMPLETED


def test_a_film_whose_segments_a_newer_engine_drew_is_not_joined_by_an_older_one(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = segments.ENGINE_VERSION
    with_engine(monkeypatch, ours + 1)
    tasks.run_job(str(job.pk))
    for row in job.segments.all():
        tasks.run_segment(str(row.pk))
    with_engine(monkeypatch, ours)
    work_off(job)
    assert (job.has_ended, job.attempt, job.retry_count) == (False, 0, 0)
    with_engine(monkeypatch, ours + 1)
    let_time_pass(job)
    assert work_off(job).status == JobState.COMPLETED
    assert job.segments.filter(spec__engine=ours + 1).count() == 3


def test_a_film_that_older_code_began_is_planned_anew_and_loses_no_attempt(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.run_job(str(job.pk))
    before = set(job.segments.values_list("key", flat=True))
    for row in job.segments.all():
        tasks.run_segment(str(row.pk))
    with_engine(monkeypatch, segments.ENGINE_VERSION + 1)
    assert work_off(job).status == JobState.COMPLETED
    assert not before & set(job.segments.values_list("key", flat=True))
    assert (job.attempt, job.retry_count, job.warnings) == (1, 0, [])
    assert Segment.objects.filter(job=job).count() == 3
