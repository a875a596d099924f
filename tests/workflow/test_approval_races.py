"""Words are changed, or an approval is taken back, while the film is ordered, begun, rendered, joined.

Whenever that is, the film is exactly what was approved, or there is none and the job says not_approved.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from rendering import tasks
from rendering.exceptions import NotApproved
from rendering.models import Job, Storyboard
from rendering.states import JobState
from rendering.workflow import document as documents
from rendering.workflow import order, review, run, write
from tests.api.conftest import url
from tests.base import Api, problem
from tests.workflow.queue import let_time_pass, work_off
from tests.workflow.race import at_once
from videoserver.work import faults
from videoserver.work.faults import Fault, FaultInjected

pytestmark = pytest.mark.django_db
really_commits = pytest.mark.django_db(transaction=True, serialized_rollback=True)
WORDS = "Words that nobody approved"
Disturb = Callable[[Storyboard], None]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, settings: Any) -> None:
    """No film has its segments from another one."""
    settings.SEGMENTS_DIR = tmp_path / "segments"


@pytest.fixture
def edit(author: User) -> Disturb:
    """The author changes a caption."""

    def change(storyboard: Storyboard) -> None:
        fresh = Storyboard.objects.get(pk=storyboard.pk)
        write.change_scene(fresh, author, fresh.scenes.get(position=0), {"caption": WORDS})

    return change


@pytest.fixture
def take_back(reviewer: User) -> Disturb:
    """The reviewer asks for changes after all."""

    def request(storyboard: Storyboard) -> None:
        fresh = Storyboard.objects.get(pk=storyboard.pk)
        review.request_changes(fresh, reviewer, fresh.revision, "Wait")

    return request


@pytest.fixture
def approve_another(edit: Disturb, author: User, reviewer: User) -> Disturb:
    """The author changes a caption, and the reviewer approves that."""

    def change(storyboard: Storyboard) -> None:
        edit(storyboard)
        fresh = review.submit(Storyboard.objects.get(pk=storyboard.pk), author)
        review.approve(fresh, reviewer, fresh.revision)

    return change


@pytest.fixture
def reject(edit: Disturb, author: User, reviewer: User) -> Disturb:
    """The author changes a caption, and the reviewer refuses that for good."""

    def refuse(storyboard: Storyboard) -> None:
        edit(storyboard)
        fresh = review.submit(Storyboard.objects.get(pk=storyboard.pk), author)
        review.reject(fresh, reviewer, fresh.revision)

    return refuse


@pytest.fixture(params=["edit", "take_back", "approve_another", "reject"])
def disturb(request: pytest.FixtureRequest) -> Disturb:
    """Each thing that people may do to an approved storyboard."""
    does: Disturb = request.getfixturevalue(request.param)
    return does


@pytest.fixture
def job(approved: Storyboard) -> Job:
    return order.render(approved)[0]


@pytest.fixture
def film(approved: Storyboard, tmp_path: Path, settings: Any) -> str:
    """The sha256 of the film of what was approved, made in peace."""
    job = work_off(order.render(approved, {"force": True})[0])
    settings.SEGMENTS_DIR = tmp_path / "other segments"
    return str(job.results.get().asset.checksum)


def assert_refused(job: Job) -> None:
    assert (job.status, job.error_code, job.error_detail) == ("failed", "not_approved", "Storyboard must be approved")
    assert not job.segments.exists()
    assert not job.results.exists()


def assert_as_approved(job: Job, film: str) -> None:
    assert job.status == JobState.COMPLETED, (job.error_code, job.error_detail)
    assert WORDS not in str(job.document)
    assert documents.content_hash(documents.validate(job.document)) == job.content_hash
    assert not job.segments.filter(cached=True).exists()
    assert job.results.get().asset.checksum == film


def test_what_happens_between_the_order_and_the_claim_stops_the_job(
    job: Job, approved: Storyboard, disturb: Disturb
) -> None:
    disturb(approved)
    assert_refused(work_off(job))
    with pytest.raises(NotApproved):
        order.retry(job)


@pytest.mark.parametrize("segments", [0, 1, 3])
def test_a_film_that_was_begun_is_finished_as_it_was_approved(
    film: str, job: Job, approved: Storyboard, disturb: Disturb, segments: int
) -> None:
    tasks.run_job(str(job.pk))
    for row in job.segments.all()[:segments]:
        tasks.run_segment(str(row.pk))
    disturb(approved)
    assert_as_approved(work_off(job), film)


@pytest.mark.parametrize("point", ["job.planned", "segment.rendering", "job.joining", "job.stored"])
def test_what_happens_amid_a_step_does_not_reach_the_film(
    point: str, film: str, job: Job, approved: Storyboard, edit: Disturb, monkeypatch: pytest.MonkeyPatch
) -> None:
    struck: list[str] = []

    def strike(name: str) -> None:
        if name == point and not struck:
            struck.append(name)
            edit(approved)

    monkeypatch.setattr(faults, "ARMED", {point: Fault("raise")})
    monkeypatch.setattr(faults, "strike", strike)
    work_off(job)
    assert struck
    assert_as_approved(job, film)


def test_a_step_that_must_be_done_again_is_done_as_approved(
    film: str, job: Job, approved: Storyboard, edit: Disturb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "ARMED", {"job.joined": Fault("raise")})
    work_off(job)
    assert job.status == JobState.QUEUED
    monkeypatch.setattr(faults, "ARMED", {})
    edit(approved)
    let_time_pass(job)
    assert_as_approved(work_off(job), film)


def test_a_job_whose_worker_died_before_it_had_planned_is_looked_at_again(
    job: Job, approved: Storyboard, disturb: Disturb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "ARMED", {"job.claimed": Fault("raise")})
    with pytest.raises(FaultInjected):
        tasks.run_job(str(job.pk))
    monkeypatch.setattr(faults, "ARMED", {})
    Job.objects.filter(pk=job.pk).update(lease_until=job.created_at)
    disturb(approved)
    assert_refused(work_off(job))


def test_a_retry_needs_the_approval_of_what_it_renders(
    author_api: Api, reviewer: User, job: Job, approved: Storyboard, take_back: Disturb
) -> None:
    order.cancel(job)
    take_back(approved)
    problem(author_api.post(f"/api/v1/jobs/{job.pk}/retry/"), 409, "not_approved")
    fresh = review.submit(Storyboard.objects.get(pk=approved.pk), reviewer)
    review.approve(fresh, reviewer, fresh.revision)
    again = author_api.post(f"/api/v1/jobs/{job.pk}/retry/")
    assert again.status_code == 202, "the same words are approved again"
    assert work_off(Job.objects.get(pk=again.json()["id"])).status == JobState.COMPLETED


def approved_anew(author: User, reviewer: User, document: dict[str, Any]) -> Storyboard:
    board = review.submit(write.create(author, document), author)
    return review.approve(board, reviewer, board.revision)


@really_commits
def test_an_order_and_an_edit_at_once_never_order_other_words(
    author: User, author_api: Api, reviewer: User, document: dict[str, Any]
) -> None:
    scenes = [document["scenes"][0] | {"caption": WORDS}]
    for _ in range(30):
        board = approved_anew(author, reviewer, document)
        ordering = partial(author_api.post, url(board, "render/"), {})
        editing = partial(Api(author).put, url(board), document | {"scenes": scenes})
        ordered, edited = at_once(ordering, editing)
        assert edited.status_code == 200, edited.content
        assert ordered.status_code in (202, 409), ordered.content
        if ordered.status_code == 409:
            assert ordered.json()["code"] in ("not_approved", "outdated")
            assert not board.jobs.exists()
        else:
            job = board.jobs.get()
            assert WORDS not in str(job.document)
            assert job.content_hash == board.reviews.get().content_hash
            assert_refused(work_off(job))


@really_commits
def test_a_claim_and_an_edit_at_once_render_what_was_approved_or_nothing(
    author: User, reviewer: User, document: dict[str, Any], edit: Disturb
) -> None:
    planned = []
    for _ in range(30):
        board = approved_anew(author, reviewer, document)
        job = order.render(board)[0]
        keys = [spec.key for spec in run.planned(job)[0][0].specs]
        at_once(partial(tasks.run_job, str(job.pk)), partial(edit, board))
        job.refresh_from_db()
        planned.append(job.segments.exists())
        if planned[-1]:
            assert list(job.segments.values_list("key", flat=True)) == keys
        else:
            assert_refused(job)
