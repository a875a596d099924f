"""What a job needs is deleted while it is ordered or works: that is refused, or the job says input_gone."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages

from media_assets.models import MediaAsset
from rendering import tasks
from rendering.models import Job, JobInput, Storyboard
from rendering.states import JobState
from rendering.workflow import order, review, write
from tests import footage
from tests.api.conftest import keep, url
from tests.base import Api, problem
from tests.workflow.queue import work_off
from tests.workflow.race import at_once
from videoserver.work import workspace

pytestmark = pytest.mark.django_db
really_commits = pytest.mark.django_db(transaction=True, serialized_rollback=True)
ROUNDS = 50
AMID_DELETION = {(404, "not_found"), (409, "not_approved"), (409, "outdated"), (422, "no_scenes")}
"""What an order may be told whose storyboard goes while it is read, row by row."""


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, settings: Any) -> None:
    settings.SEGMENTS_DIR, settings.WORKSPACES_DIR = tmp_path / "segments", tmp_path / "workspaces"


def ordering(api: Api, asset: MediaAsset) -> Any:
    """A direct order that needs the asset, which no storyboard names."""
    body = {"params": {"image": str(asset.pk)}, "duration": 0.5, "quality": "draft", "fps": 8}
    return api.post("/api/v1/templates/picture/render/", body)


def deleting(api: Api, asset: MediaAsset) -> Any:
    return api.delete(f"/api/v1/media/{asset.pk}/")


def insist(api: Api, path: str) -> set[int]:
    """Ask for a deletion again and again, until it is not refused; all answers."""
    codes: set[int] = set()
    until = time.monotonic() + 60
    while codes <= {409} and time.monotonic() < until:
        codes.add(api.delete(path).status_code)
    return codes


@pytest.fixture
def job(author_api: Api, picture: MediaAsset) -> Job:
    answer = ordering(author_api, picture)
    return Job.objects.get(pk=answer.json()["id"])


def assert_film_stays(api: Api, job: Job) -> None:
    assert api.get(f"/api/v1/jobs/{job.pk}/").status_code == 200
    film: Any = api.get(f"/api/v1/videos/{job.pk}/combined")
    assert b"".join(film.streaming_content)[4:8] == b"ftyp"
    film.close()


def test_an_asset_stays_while_a_job_needs_it_and_may_go_when_that_has_ended(
    author_api: Api, job: Job, picture: MediaAsset
) -> None:
    problem(deleting(author_api, picture), 409, "asset_in_use")
    tasks.run_job(str(job.pk))
    problem(deleting(author_api, picture), 409, "asset_in_use")
    assert work_off(job).status == JobState.COMPLETED
    assert deleting(author_api, picture).status_code == 204
    assert_film_stays(author_api, job)


@pytest.mark.parametrize("segments", [False, True])
def test_an_asset_that_is_gone_all_the_same_ends_the_job_with_input_gone(
    job: Job, picture: MediaAsset, segments: bool
) -> None:
    """A deletion that began before the order was committed may end after it."""
    if segments:
        tasks.run_job(str(job.pk))
    JobInput.objects.all().delete()
    picture.discard()
    work_off(job)
    assert (job.status, job.error_code) == (JobState.FAILED, "input_gone")
    assert not job.results.exists()
    assert workspace.census().count == 0


def test_the_bytes_may_go_amid_a_job_and_it_says_so(job: Job, picture: MediaAsset) -> None:
    tasks.run_job(str(job.pk))
    Path(storages["media"].path(picture.key)).unlink()
    work_off(job)
    assert (job.status, job.error_code, job.error_pointer) == (JobState.FAILED, "input_gone", "/scenes/0/params/image")


@really_commits
def test_an_order_and_a_deletion_at_once_agree(author: User, author_api: Api, tmp_path: Path) -> None:
    seen: Counter[tuple[int, int]] = Counter()
    for number in range(ROUNDS):
        asset = keep(footage.picture(tmp_path / f"{number}.png", (64, 64), number), author)
        ordered, deleted = at_once(partial(ordering, author_api, asset), partial(deleting, Api(author), asset))
        seen[ordered.status_code, deleted.status_code] += 1
        asset.refresh_from_db()
        assert asset.is_deleted == (deleted.status_code == 204), deleted.content
        if ordered.status_code != 202:
            problem(ordered, 400, "asset_not_found")
            continue
        job = Job.objects.get(pk=ordered.json()["id"])
        if asset.is_deleted:
            work_off(job)
            assert (job.status, job.error_code) == (JobState.FAILED, "input_gone")
        else:
            problem(deleted, 409, "asset_in_use")
            order.cancel(job)
    assert set(seen) <= {(202, 409), (400, 204), (202, 204)}, seen


@really_commits
def test_a_deletion_amid_the_work_waits_for_its_end(author: User, author_api: Api, tmp_path: Path) -> None:
    for number in range(12):
        asset = keep(footage.picture(tmp_path / f"{number}.png", (64, 64), number), author)
        job = Job.objects.get(pk=ordering(author_api, asset).json()["id"])

        _, codes = at_once(partial(work_off, job), partial(insist, Api(author), f"/api/v1/media/{asset.pk}/"))
        assert codes <= {409, 204} and 204 in codes
        job.refresh_from_db()
        assert job.status == JobState.COMPLETED, (job.error_code, job.error_detail)
        assert not job.results.get().asset.is_deleted


@really_commits
def test_an_order_and_the_deletion_of_its_storyboard_at_once_agree(
    author: User, author_api: Api, reviewer: User, document: dict[str, Any]
) -> None:
    for _ in range(ROUNDS):
        board = review.submit(write.create(author, document), author)
        review.approve(board, reviewer, board.revision)
        render = partial(author_api.post, url(board, "render/"), {})
        ordered, deleted = at_once(render, partial(Api(author).delete, url(board)))
        gone = not Storyboard.objects.filter(pk=board.pk).exists()
        assert gone == (deleted.status_code == 204), deleted.content
        if ordered.status_code != 202:
            assert (ordered.status_code, ordered.json()["code"]) in AMID_DELETION
            assert gone
            continue
        job = Job.objects.get(pk=ordered.json()["id"])
        if gone:
            work_off(job)
            assert (job.status, job.error_code) == (JobState.FAILED, "not_approved")
        else:
            problem(deleted, 409, "wrong_state")
            order.cancel(job)


@really_commits
def test_a_storyboard_is_not_deleted_under_a_job_that_works_for_it(
    author: User, author_api: Api, approved: Storyboard
) -> None:
    job = order.render(approved)[0]

    _, codes = at_once(partial(work_off, job), partial(insist, Api(author), url(approved)))
    assert codes <= {409, 204} and 204 in codes
    job.refresh_from_db()
    assert job.status == JobState.COMPLETED
    assert job.storyboard is None
    assert_film_stays(author_api, job)
