"""Cancel: at once where nobody works, one truth where it meets the end of the work, and a retry that wastes nothing."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages

from media_assets import identity
from media_assets.models import MediaAsset
from rendering import tasks
from rendering.engine.launch import SegmentFile
from rendering.models import Campaign, Job, JobResult, Segment, Storyboard
from rendering.states import JobState, Stage
from rendering.workflow import attempt, complete, money, order, run, segment_run
from rendering.workflow.complete import Made
from tests import footage
from tests.base import Api
from tests.workflow.queue import work_off
from tests.workflow.race import at_once
from videoserver.work import faults, workspace
from videoserver.work.faults import Fault
from videoserver.work.states import WorkState

pytestmark = pytest.mark.django_db
really_commits = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Any) -> None:
    """What is left can be counted."""
    settings.DATA_DIR = tmp_path
    settings.SEGMENTS_DIR = tmp_path / "segments"
    settings.WORKSPACES_DIR = tmp_path / "workspaces"
    settings.STORAGES = settings.STORAGES | {
        "media": settings.STORAGES["media"] | {"OPTIONS": {"location": str(tmp_path / "media")}}
    }


@pytest.fixture
def job(approved: Storyboard) -> Job:
    return ordered(approved)


def ordered(board: Storyboard) -> Job:
    return order.render(board, {"force": True})[0]


def cancel(api: Api, job: Job) -> tuple[int, str]:
    """What the API answers: its status, and the job's."""
    answer = api.post(f"/api/v1/jobs/{job.pk}/cancel/")
    return answer.status_code, answer.json()["status"]


def cancel_after(wait: Callable[[], None], api: Api, job: Job) -> tuple[int, str]:
    wait()
    return cancel(api, job)


def test_a_queued_job_is_canceled_at_once_and_a_second_cancel_changes_nothing(author_api: Api, job: Job) -> None:
    assert cancel(author_api, job) == (202, "canceled")
    before = author_api.get(f"/api/v1/jobs/{job.pk}/").json()
    assert before["finished_at"]
    assert before["error"] is None
    assert cancel(author_api, job) == (200, "canceled")
    assert author_api.get(f"/api/v1/jobs/{job.pk}/").json() == before
    assert work_off(job).status == JobState.CANCELED
    assert not job.segments.exists()
    assert not job.inputs.exists()


def test_a_job_that_waits_for_a_retry_is_canceled_at_once(author_api: Api, job: Job) -> None:
    Job.objects.claim(job.pk).retry("internal_error", "A test.")
    assert cancel(author_api, job) == (202, "canceled")


def half_done(job: Job) -> tuple[Segment, Segment, Segment]:
    """One segment is done, one is being rendered, one waits."""
    tasks.run_job(str(job.pk))
    done, running, queued = job.segments.all()
    tasks.run_segment(str(done.pk))
    return done, Segment.objects.claim(running.pk), queued


def test_a_half_done_job_is_canceled_with_all_that_is_under_way(author_api: Api, job: Job) -> None:
    done, running, queued = half_done(job)
    assert cancel(author_api, job) == (202, "canceled")
    statuses = {row.pk: row.status for row in job.segments.all()}
    assert statuses == {done.pk: "completed", running.pk: "running", queued.pk: "canceled"}
    attempt.make(running, segment_run.run_segment)
    running.refresh_from_db()
    assert running.status == WorkState.CANCELED
    assert not segment_run.cache().find(running.key)
    assert workspace.census().count == 0


def test_a_retry_of_a_canceled_job_renders_only_what_was_not_done(author_api: Api, job: Job) -> None:
    _, running, _ = half_done(job)
    cancel(author_api, job)
    attempt.make(running, segment_run.run_segment)
    answer = author_api.post(f"/api/v1/jobs/{job.pk}/retry/")
    assert (answer.status_code, answer.json()["retry_of"]) == (202, str(job.pk))
    again = work_off(Job.objects.get(pk=answer.json()["id"]))
    assert again.status == JobState.COMPLETED
    assert list(again.segments.values_list("cached", flat=True)) == [True, False, False]
    job.refresh_from_db()
    assert job.status == JobState.CANCELED, "what has ended stays as it ended"


@pytest.fixture
def campaign(author: User, approved: Storyboard) -> Campaign:
    """Whose budget the board's jobs spend."""
    campaign = Campaign.objects.create(owner=author, name="Spring", budget=1000)
    approved.campaign = campaign
    approved.save(update_fields=["campaign"])
    return campaign


@pytest.fixture
def starter(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], Callable[[], None]]:
    """`starter(point)` returns what waits until a run passes that point; without one it waits for nothing."""

    def at(point: str | None) -> Callable[[], None]:
        passed = threading.Event()
        monkeypatch.setattr(faults, "ARMED", {"any": Fault("raise")})
        monkeypatch.setattr(faults, "strike", lambda name: passed.set() if name == point else None)
        return (lambda: None) if point is None else lambda: _must(passed.wait(20))

    return at


def _must(truth: bool) -> None:
    assert truth


@pytest.fixture
def made(tmp_path: Path) -> Callable[[Job], tuple[list[Made], Path]]:
    """A preview that is ready to be stored, and its poster: all that a commit needs, made in a moment."""
    poster = footage.picture(tmp_path / "poster.jpg", (64, 64))
    preview = footage.picture(tmp_path / "preview.gif", (64, 64))
    content = preview.read_bytes()
    report = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "frames": 1, "duration": 1.0}

    def of(job: Job) -> tuple[list[Made], Path]:
        film = run.planned(job)[0][0]
        return [Made(film, "gif", preview, {**report, "width": 64, "height": 64})], poster

    return of


@really_commits
def test_of_a_cancel_and_a_finish_one_is_the_truth_and_the_api_says_which(
    author_api: Api, approved: Storyboard, campaign: Campaign, starter: Any, made: Any
) -> None:
    points = cycle([None, "asset.inspected", "asset.stored", "job.stored", "job.before_commit", "job.after_commit"])
    ends = []
    assets = MediaAsset.objects.count()
    for _ in range(120):
        job = Job.objects.claim(ordered(approved).pk)
        Job.objects.filter(pk=job.pk).update(estimated_cost=5)
        job.enter(Stage.COMBINING, "")
        asking = partial(cancel_after, starter(next(points)), author_api, job)
        _, (code, told) = at_once(partial(attempt.make, job, lambda row: complete.store(row, *made(row))), asking)
        job.refresh_from_db()
        ends.append(job.status)
        done = job.status == JobState.COMPLETED
        assert (code, done) in {(202, False), (200, True)}, (code, told, job.status)
        assert told == JobState.COMPLETED if done else told in {"rendering", "canceled"}
        assert job.has_ended
        assert JobResult.objects.filter(job=job).count() == done
        assert (job.actual_cost is not None, job.cancel_requested) == (done, not done)
        assert not job.inputs.exists()
    completed = ends.count(JobState.COMPLETED)
    assert {*ends} == {JobState.COMPLETED, JobState.CANCELED}, "both of them win sometimes"
    assert MediaAsset.objects.count() == assets + 2 * completed, "a film and its poster for each"
    assert stored() == named()
    assert (money.reserved(campaign), money.spent(campaign)) == (Decimal(0), Decimal(0))


def stored() -> set[str]:
    """The keys of all that the storage holds."""
    root = Path(storages["media"].path(""))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} - {identity.MARKER}


def named() -> set[str]:
    """The keys that rows name."""
    pairs = MediaAsset.objects.values_list("key", "thumbnail_key")
    return {key for pair in pairs for key in pair if key}


@really_commits
def test_a_cancel_amid_the_planning_leaves_nothing_to_do(author_api: Api, approved: Storyboard, starter: Any) -> None:
    points = cycle([None, "job.claimed", "job.planned"])
    for _ in range(40):
        job = ordered(approved)
        asking = partial(cancel_after, starter(next(points)), author_api, job)
        _, (code, _) = at_once(partial(tasks.run_job, str(job.pk)), asking)
        assert code == 202
        job.refresh_from_db()
        assert job.status == JobState.CANCELED
        assert set(job.segments.values_list("status", flat=True)) <= {"canceled"}
        assert not job.inputs.exists()


@pytest.fixture
def rendered(approved: Storyboard) -> Iterator[dict[str, SegmentFile]]:
    """Every segment of the board's film, in the cache, and the rows that say so gone."""
    job = work_off(ordered(approved))
    yield {row.key: segment_run.cache().require(row.key) for row in job.segments.all()}


@really_commits
def test_a_cancel_and_the_last_segment_leave_no_half_job(
    author_api: Api,
    approved: Storyboard,
    rendered: dict[str, SegmentFile],
    starter: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each of these jobs begins as if nothing were there, and ends its segments with what is.
    monkeypatch.setattr(run, "find", lambda job, rows: rows)

    def end(row: Segment) -> None:
        segment_run.finish(row, rendered[row.key])

    points = cycle([None, "segment.before_commit", "segment.after_commit"])
    for _ in range(40):
        job = ordered(approved)
        tasks.run_job(str(job.pk))
        *others, last = [Segment.objects.claim(row.pk) for row in job.segments.all()]
        for row in others:
            end(row)
        asking = partial(cancel_after, starter(next(points)), author_api, job)
        _, (code, told) = at_once(partial(attempt.make, last, end), asking)
        assert (code, told) == (202, "canceled")
        assert work_off(job).status == JobState.CANCELED
        assert not job.results.exists()
        assert not Job.objects.filter(pk=job.pk).claimable().exists()
