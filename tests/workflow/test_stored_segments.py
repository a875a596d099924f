"""Segments that were rendered on another machine come from the storage, and are not believed unseen."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.management import call_command

from media_assets.storage.local import LocalStorage
from rendering import tasks
from rendering.engine import boxes
from rendering.models import Job, Segment, Storyboard
from rendering.workflow import order, segment_run, stored_segments
from tests.workflow.machines import Machines
from tests.workflow.queue import let_time_pass, work_off
from tests.workflow.test_run import text_of
from videoserver.work import here
from videoserver.work.row import LeaseLost

pytestmark = pytest.mark.django_db


@pytest.fixture
def machines(tmp_path: Path, settings: Any) -> Machines:
    return Machines(tmp_path, settings)


@pytest.fixture
def job(approved: Storyboard, machines: Machines) -> Job:
    """Three segments, rendered on `far`; `near` will join them."""
    machines.serve("far", "render")
    machines.serve("near", "default")
    job: Job = order.render(approved)[0]
    tasks.run_job(str(job.pk))
    machines.on("far")
    for segment in job.segments.all():
        tasks.run_segment(str(segment.pk))
    machines.on("near")
    return job


def stored(job: Job) -> list[Path]:
    return [Path(storages["media"].path(segment.stored)) for segment in job.segments.all() if segment.stored]


def said(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [text_of(record) for record in caplog.records if record.levelno == level]


def test_what_was_rendered_elsewhere_is_received_and_joined(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    assert {segment.rendered_by for segment in job.segments.all()} == {"far"}
    assert not segment_run.cache().find(job.segments.all()[0].key)
    with caplog.at_level(logging.INFO):
        assert work_off(job).status == "completed"
    info = said(caplog, logging.INFO)
    for segment in job.segments.all():
        assert f"Finished receiving from render worker: 1 chunks, {segment.size} total bytes" in info
        assert f"Worker video size validation passed: {segment.size} bytes" in info
        assert f"Job {job.pk}: Receiving segment {segment.index + 1} from render worker far" in info
        kept = segment_run.cache().require(segment.key)
        assert (kept.sha256, kept.size, kept.frames) == (segment.sha256, segment.size, segment.frames)
    assert job.warnings == [] and job.attempt == 1


def test_a_machine_alone_pays_for_its_bytes_once(approved: Storyboard, machines: Machines) -> None:
    machines.serve("alone", "default", "render", "media_import")
    job = order.render(approved)[0]
    assert work_off(job).status == "completed"
    assert stored(job) == []


def test_two_workers_with_one_disk_share_it(approved: Storyboard, machines: Machines) -> None:
    machines.serve("alone", "default")
    Machines(machines.folder, machines.settings).serve("alone", "render")
    assert not stored_segments.are_needed()


def test_a_folder_that_was_copied_is_another_disk(machines: Machines) -> None:
    machines.on("first")
    name = here.disk()
    assert name == here.disk()
    machines.on("second")
    (machines.settings.DATA_DIR / "disk_name").write_text((machines.folder / "first" / "disk_name").read_text())
    assert here.disk() != name


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "gone": Path.unlink,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"!"),
    "of other bytes": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!"),
    "no film": lambda path: path.write_bytes(b"<html>" * (path.stat().st_size // 6)),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_what_comes_damaged_twice_is_rendered_here_and_the_job_says_so(
    kind: str, job: Job, machines: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    DAMAGE[kind](stored(job)[1])
    with caplog.at_level(logging.INFO):
        tasks.run_job(str(job.pk))
    job.refresh_from_db()
    assert (job.status, job.waiting_for, job.attempt) == ("rendering", 1, 0)
    assert job.warnings == ["Segment 2 came damaged from render worker far twice; it is rendered here."]
    assert len([line for line in said(caplog, logging.WARNING) if "Segment 2 of render worker far:" in line]) == 2
    assert [segment.here_only for segment in job.segments.all()] == [False, True, False]
    machines.on("near")
    assert work_off(job).status == "completed"


def test_a_film_that_is_none_although_its_hash_is_right_is_refused(job: Job) -> None:
    """The worker itself made rubbish, and stored it well."""
    (path,) = stored(job)[:1]
    path.write_bytes(b"<html>" * 500)
    rubbish = {"size": 3000, "sha256": hashlib.sha256(b"<html>" * 500).hexdigest()}
    Segment.objects.filter(job=job, index=0).update(**rubbish)
    assert work_off(job).status == "completed"
    assert "Segment 1 came damaged" in job.warnings[0]


def test_a_connection_that_breaks_once_costs_nothing_but_a_second_try(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    opened: list[str] = []
    real = LocalStorage.open

    def flaky(storage: LocalStorage, name: str, mode: str = "rb") -> Any:
        opened.append(name)
        if len(opened) == 1:
            raise ConnectionResetError("Connection reset by peer")
        return real(storage, name, mode)

    monkeypatch.setattr(LocalStorage, "open", flaky)
    first = job.segments.all()[0]
    with caplog.at_level(logging.INFO):
        assert work_off(job).status == "completed"
    broke = f"Receiving from render worker broke off after 0 chunks, 0 of {first.size} bytes"
    assert broke in said(caplog, logging.WARNING)
    assert opened[:2] == [first.stored, first.stored]
    assert job.warnings == []


def test_a_worker_of_the_cluster_does_not_get_what_it_spoiled_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(job)[0].unlink()
    tasks.run_job(str(job.pk))
    again = str(job.segments.all()[0].pk)
    monkeypatch.setattr(here, "_queue", "farm")
    assert Segment.objects.claim(again) is None
    monkeypatch.setattr(here, "_queue", "render")
    assert Segment.objects.claim(again) is not None


def test_what_was_never_stored_costs_an_attempt(job: Job, machines: Machines) -> None:
    """`near` was unknown when `far` rendered, say."""
    Segment.objects.filter(job=job).update(stored="")
    assert work_off(job).status == "queued"
    let_time_pass(job)
    assert work_off(job).status == "completed"
    assert job.warnings == ["Attempt 1 failed: A rendered segment is gone from the cache."]


def test_an_order_of_the_same_scenes_takes_them_from_the_storage(
    job: Job, approved: Storyboard, machines: Machines
) -> None:
    machines.serve("third", "default")
    again, _ = order.render(approved, {"force": True})
    assert work_off(again).status == "completed"
    assert all(segment.cached and segment.rendered_by == "far" for segment in again.segments.all())
    assert stored(again) == stored(job), "under the same names"


def test_what_this_disk_had_is_stored_when_others_may_join(approved: Storyboard, machines: Machines) -> None:
    machines.serve("near", "default", "render")
    assert work_off(order.render(approved)[0]).status == "completed"
    machines.serve("other", "default")
    machines.on("near")
    again, _ = order.render(approved, {"force": True, "aspect_ratios": ["1:1", "16:9"]})
    tasks.run_job(str(again.pk))
    assert len(stored(again)) == 3 and all(path.is_file() for path in stored(again))


def test_a_run_that_lost_its_lease_leaves_no_file(job: Job, machines: Machines) -> None:
    before = files()
    segment = job.segments.all()[0]
    Segment.objects.filter(pk=segment.pk).update(status="running", finished_at=None)
    machines.on("far")
    segment.fence -= 1
    with pytest.raises(LeaseLost):
        segment_run.finish(segment, segment_run.cache().require(segment.key))
    assert files() == before


def test_stored_segments_go_when_nobody_needs_them(job: Job, approved: Storyboard) -> None:
    again, _ = order.render(approved, {"force": True, "aspect_ratios": ["1:1", "16:9"]})
    tasks.run_job(str(again.pk))
    work_off(job)
    paths = stored(job)
    assert stored_segments.sweep() == 0, "a retry may want them"
    assert stored_segments.sweep(timedelta()) == 0, "the second job does"
    work_off(again)
    assert {*stored(again)} == {*paths}
    assert stored_segments.sweep(timedelta()) == 3
    assert not [path for path in paths if path.exists()]
    assert stored(job) == stored(again) == []


def test_a_file_that_no_row_names_goes_after_a_day(job: Job) -> None:
    named = stored(job)[0]
    nameless = named.parent.parent / "nobodys-segment" / "segment.mp4"
    nameless.parent.mkdir()
    nameless.write_bytes(b"left by a power cut")
    os.utime(named, (time.time() - 90_000,) * 2)
    assert stored_segments.sweep_nameless(every=0) == 0
    os.utime(nameless, (time.time() - 90_000,) * 2)
    assert stored_segments.sweep_nameless(every=0) == 1
    assert named.exists() and not nameless.exists()


def files() -> set[Path]:
    return set(Path(storages["media"].path("segments")).rglob("*.mp4"))


def test_render_storyboard_finds_them_too(job: Job, approved: Storyboard, tmp_path: Path) -> None:
    output = tmp_path / "film.mp4"
    told = StringIO()
    call_command("render_storyboard", storyboard=approved.pk, output=output, stdout=told)
    assert "3 of 3 segments from the cache" in told.getvalue()
    assert boxes.whole(output)
