"""A child that hangs is ended with its whole group: five seconds after its time is up nobody of it is left."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
import pytest

from rendering import tasks
from rendering.engine import launch
from rendering.engine.segments import split
from rendering.engine.timeline import Clip, ImageLayer, Timeline
from rendering.models import Job, Storyboard
from rendering.states import JobState
from rendering.workflow import order
from tests.api.conftest import approved, board, document, picture, submitted
from tests.engine.stubborn import WAYS
from tests.footage import picture as drawn
from tests.services import wait_until
from tests.workflow.queue import let_time_pass, work_off
from videoserver.work import sandbox, workspace
from videoserver.work.sandbox import Child, ChildFailed
from videoserver.work.warm import warm

__all__ = ["approved", "board", "document", "picture", "submitted"]
SLACK = 3.0
"""For the look every second, on a machine that is busy."""


@pytest.fixture
def child(request: pytest.FixtureRequest) -> Iterator[Child]:
    child = Child(request.param)
    yield child
    child.close()


def group(leader: int) -> list[int]:
    """Every living process of a child's group."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (psutil.Error, ProcessLookupError):
            continue
    return found


def assert_nobody_is_left(leader: int) -> None:
    """What is killed is gone a moment later."""
    wait_until(lambda: not group(leader), "the end of the group", SLACK)


@pytest.mark.parametrize("child", ["tests.engine.stubborn"], indirect=True)
@pytest.mark.parametrize("way", WAYS)
def test_however_a_child_hangs_its_group_is_gone_five_seconds_after_its_deadline(
    child: Child, way: str, tmp_path: Path
) -> None:
    child.start()
    pids = tmp_path / "pids"
    heard: list[float] = []
    began = time.monotonic()
    with pytest.raises(ChildFailed) as failed:
        child.request(
            {"way": way, "pids": str(pids)},
            folder=tmp_path,
            on_event=lambda _: heard.append(time.monotonic()),
            stall=60,
            deadline=2,
        )
    ended = time.monotonic()
    assert failed.value.code == ("child_died" if way == "says no more" else "render_timeout")
    assert not failed.value.permanent, "it is tried again"
    assert ended - began <= 2 + sandbox.GRACE + SLACK
    leader, other = map(int, pids.read_text().split())
    assert leader != other
    assert_nobody_is_left(leader)
    assert way == "says no more" or heard, "whoever waits is told of each second, and renews the lease"


@pytest.mark.parametrize("child", [launch.MODULE], indirect=True)
@pytest.mark.parametrize(("stall", "deadline"), [(2, None), (60, 2)])
def test_a_render_child_that_is_stopped_amid_a_segment_is_killed(
    child: Child, stall: float, deadline: float | None, tmp_path: Path
) -> None:
    picture = drawn(tmp_path / "pier.png", (1600, 900))
    asset = sha256(picture.read_bytes()).hexdigest()
    film = Timeline(1280, 720, 30, (Clip(600, (ImageLayer(asset=asset, motion="zoom_in"),)),))
    spec = split(film, whole=True)[0]
    child.request({"do": "about"}, folder=tmp_path)  # from now on it is warm
    stopped: list[tuple[int, float]] = []

    def stop(event: dict[str, Any]) -> None:
        if event["event"] == "progress" and not stopped and child.pid:
            os.kill(child.pid, signal.SIGSTOP)
            stopped.append((child.pid, time.monotonic()))

    output = tmp_path / "segment.mp4"
    with pytest.raises(ChildFailed, match="render_timeout"):
        launch.segment(spec, {asset: picture}, output, child=child, on_event=stop, stall=stall, deadline=deadline)
    leader, at = stopped[0]
    assert time.monotonic() - at <= 2 + sandbox.GRACE + SLACK
    assert_nobody_is_left(leader)


@pytest.mark.django_db
def test_a_hung_child_costs_an_attempt_and_the_next_one_makes_the_film(
    approved: Storyboard, tmp_path: Path, settings: Any
) -> None:
    settings.SEGMENTS_DIR, settings.WORKSPACES_DIR = tmp_path / "segments", tmp_path / "workspaces"
    settings.RENDER_TIMEOUT = 1
    job = order.render(approved)[0]
    tasks.run_job(str(job.pk))
    child = warm(launch.MODULE)
    child.start()
    leader = child.pid
    assert leader
    os.kill(leader, signal.SIGSTOP)
    first = job.segments.all()[0]
    tasks.run_segment(str(first.pk))
    first.refresh_from_db()
    assert (first.status, first.retry_count, first.error_code) == ("queued", 1, "render_timeout")
    job.refresh_from_db()
    assert job.message == "Retrying in 30s..."
    assert_nobody_is_left(leader)
    assert workspace.census().count == 0
    settings.RENDER_TIMEOUT = 60
    let_time_pass(job)
    assert work_off(job).status == JobState.COMPLETED
    assert Job.objects.get(pk=job.pk).warnings == ["Attempt 1 failed: Video rendering timeout"]
