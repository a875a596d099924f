"""What a job never does: render other words, run for ever, lose a film that was committed, tell what is inside."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import OperationalError
from django.utils import timezone

from media_assets.exceptions import AssetInUse
from media_assets.models import MediaAsset
from media_assets.stored import StoredFile, forgotten_on_error
from rendering import tasks
from rendering.engine import launch
from rendering.exceptions import NotApproved
from rendering.models import Job, Storyboard
from rendering.states import JobState
from rendering.workflow import order, run, segment_run, write
from tests.workflow.queue import let_time_pass, work_off
from videoserver.work.sandbox import ChildFailed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Any, settings: Any) -> None:
    """Each test renders its segments itself."""
    settings.SEGMENTS_DIR = tmp_path / "segments"


@pytest.fixture
def job(approved: Storyboard) -> Job:
    return order.render(approved)[0]


def test_a_disk_that_loses_every_segment_does_not_keep_a_job_for_ever(job: Job) -> None:
    for _ in range(8):
        tasks.run_job(str(job.pk))
        for segment in job.segments.all():
            tasks.run_segment(str(segment.pk))
            segment_run.cache().path(segment.key).unlink(missing_ok=True)
        let_time_pass(job)
    job.refresh_from_db()
    assert (job.status, job.error_code) == (JobState.FAILED, "attempts_exhausted")


def test_a_jobs_time_does_not_run_while_its_segments_wait_in_the_queue(job: Job) -> None:
    tasks.run_job(str(job.pk))
    job.refresh_from_db()
    assert job.deadline_at is None
    tasks.run_segment(str(job.segments.all()[0].pk))
    job.refresh_from_db()
    assert job.deadline_at is not None
    assert (job.deadline_at - timezone.now()).total_seconds() == pytest.approx(3600, abs=60)


def test_a_picture_is_not_deleted_under_the_job_that_needs_it(
    job: Job, approved: Storyboard, author: Any, picture: MediaAsset
) -> None:
    write.rewrite(approved, author, approved.document() | {"scenes": []})
    with pytest.raises(AssetInUse):
        picture.discard()
    order.cancel(job)
    picture.discard()
    assert picture.is_deleted


def test_only_what_was_approved_is_rendered_whatever_the_job_says(job: Job) -> None:
    scenes = [scene | {"caption": "Unapproved words"} for scene in job.document["scenes"]]
    Job.objects.filter(pk=job.pk).update(document=job.document | {"scenes": scenes})
    assert work_off(job).error_code == "not_approved"
    with pytest.raises(NotApproved):
        order.retry(job)


def test_a_commit_whose_answer_is_lost_keeps_its_film(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database commits, and the connection breaks before it says so."""
    complete = run.complete

    def cut(*args: Any) -> None:
        complete(*args)
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(run, "complete", cut)
    work_off(job)
    assert job.status == JobState.COMPLETED
    assert job.warnings == []
    film = job.results.get().asset
    with storages["media"].open(film.key) as file:
        assert file.read(12)[4:8] == b"ftyp"


def test_a_file_that_a_row_names_is_not_forgotten(picture: MediaAsset) -> None:
    stored = StoredFile(picture.pk, "image", picture.key, "", picture.size, "", picture.checksum, {})
    with pytest.raises(OperationalError), forgotten_on_error(stored):
        raise OperationalError("lost")
    assert storages["media"].exists(picture.key)


def test_inner_texts_stay_in_the_log(job: Job, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise ChildFailed("child_died", "Traceback: /srv/secret/place")

    monkeypatch.setattr(launch, "segment", die)
    work_off(job)
    assert job.warnings
    assert "secret" not in str(job.warnings)
    assert "/srv/secret/place" in caplog.text
