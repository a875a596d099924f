"""Which queue a segment is rung in: the render cluster's while it lives, else the one here; and back again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django_q.models import OrmQ

from rendering import tasks
from rendering.models import Job, Segment, Storyboard
from rendering.workflow import order
from tests.workflow.machines import Machines
from tests.workflow.queue import work_off
from videoserver import doctor, health
from videoserver.work import recover

pytestmark = pytest.mark.django_db

SILENT = "The render cluster farm does not answer; what it had to render is rendered here."


@pytest.fixture
def machines(tmp_path: Path, settings: Any) -> Machines:
    """This one, `near`, and `far` in the render cluster."""
    settings.RENDER_CLUSTER = "farm"
    machines = Machines(tmp_path, settings)
    machines.serve("far", "farm")
    machines.serve("near", "default", "media_import", "render")
    return machines


@pytest.fixture
def job(approved: Storyboard, machines: Machines) -> Job:
    job: Job = order.render(approved)[0]
    return job


def rung(queue: str) -> int:
    """How many bells of segments wait there."""
    segments = {str(pk) for pk in Segment.objects.values_list("pk", flat=True)}
    return sum(message.task["args"][0] in segments for message in OrmQ.objects.filter(key=queue))


@pytest.fixture
def bells(django_capture_on_commit_callbacks: Any) -> Any:
    """Within it what is committed rings at once."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_segments_go_to_the_cluster_while_it_lives(job: Job, bells: Any) -> None:
    with bells():
        tasks.run_job(str(job.pk))
    assert (rung("farm"), rung("render")) == (3, 0)
    assert set(job.segments.values_list("queue", flat=True)) == {"farm"}
    assert work_off(job).warnings == []


def test_a_silent_cluster_leaves_them_here_and_the_job_says_so(job: Job, machines: Machines, bells: Any) -> None:
    machines.fall_silent("far")
    with bells():
        tasks.run_job(str(job.pk))
    assert (rung("farm"), rung("render")) == (0, 3)
    assert work_off(job).status == "completed"
    assert job.warnings == [SILENT]


def test_what_waits_in_a_cluster_that_dies_is_rung_here_once(job: Job, machines: Machines, bells: Any) -> None:
    with bells():
        tasks.run_job(str(job.pk))
        recover.reap()
    assert (rung("farm"), rung("render")) == (3, 0), "a living cluster is left alone"
    machines.fall_silent("far")
    with bells():
        recover.reap()
        recover.reap()
    assert rung("render") == 3
    assert work_off(job).warnings == [SILENT]


def test_where_nobody_serves_here_segments_wait_for_the_cluster(job: Job, machines: Machines, bells: Any) -> None:
    machines.fall_silent("far")
    machines.fall_silent("near")
    with bells():
        tasks.run_job(str(job.pk))
        recover.reap()
    assert (rung("farm"), rung("render")) == (0, 3)
    machines.come_back("far")
    with bells():
        recover.reap()
    assert rung("farm") == 3


def test_the_next_job_goes_to_a_cluster_that_lives_again(
    job: Job, approved: Storyboard, machines: Machines, bells: Any
) -> None:
    machines.fall_silent("far")
    with bells():
        tasks.run_job(str(job.pk))
    machines.come_back("far")
    again, _ = order.render(approved, {"force": True})
    with bells():
        tasks.run_job(str(again.pk))
    again.refresh_from_db()
    assert rung("farm") == 3
    assert again.warnings == []


def test_a_segment_that_fails_there_is_tried_again_where_somebody_serves(
    job: Job, machines: Machines, bells: Any
) -> None:
    tasks.run_job(str(job.pk))
    segment = Segment.objects.claim(job.segments.all()[0].pk)
    machines.fall_silent("far")
    with bells():
        segment.release(spent=True)
    assert (rung("render"), segment.queue) == (1, "render")
    job.refresh_from_db()
    assert job.warnings == [SILENT]


def test_without_a_cluster_there_is_one_queue(job: Job, settings: Any, bells: Any) -> None:
    settings.RENDER_CLUSTER = ""
    with bells():
        tasks.run_job(str(job.pk))
    assert (rung("farm"), rung("render")) == (0, 3)


def test_readiness_asks_for_workers_here_or_there(machines: Machines, settings: Any) -> None:
    assert health.workers() == "every queue answers"
    machines.fall_silent("far")
    assert health.workers() == "every queue answers", "the workers here take over"
    machines.come_back("far")
    machines.serve("elsewhere", "default", "media_import")
    machines.fall_silent("near")
    assert health.workers() == "every queue answers", "the cluster renders"
    machines.fall_silent("far")
    with pytest.raises(health.Wrong, match="no worker answers for render"):
        health.workers()


def test_the_doctor_says_whether_the_cluster_answers(machines: Machines, settings: Any) -> None:
    machines.fall_silent("far")
    with pytest.raises(doctor.Wrong, match="No worker of the render cluster farm answers") as wrong:
        doctor.render_cluster()
    assert "manage.py worker --cluster farm" in wrong.value.cure
    settings.RENDER_CLUSTER = ""
    assert doctor.render_cluster() == "none: the workers here render"
