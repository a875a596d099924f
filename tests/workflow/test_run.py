"""A job from its order to a stored film: what it says, what it refuses, what it survives."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import storages

from media_assets.models import MediaAsset
from rendering import tasks
from rendering.engine import launch
from rendering.models import Job, Segment, Storyboard
from rendering.states import JobState, Stage
from rendering.workflow import complete, order, progress, review, segment_run, write
from tests.workflow.queue import let_time_pass, work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(approved: Storyboard) -> Job:
    return order.render(approved)[0]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test renders its segments itself."""
    monkeypatch.setattr(settings, "SEGMENTS_DIR", tmp_path / "segments")


def said(caplog: pytest.LogCaptureFixture, job: Job, level: int = logging.INFO) -> list[str]:
    """What the log says of the job at a level, without its prefix."""
    prefix = f"Job {job.pk}: "
    texts = [text_of(record) for record in caplog.records if record.levelno == level]
    return [text.removeprefix(prefix) for text in texts if text.startswith(prefix)]


def text_of(record: logging.LogRecord) -> str:
    return str(record.msg["event"]) if isinstance(record.msg, dict) else record.getMessage()


def test_an_approved_storyboard_becomes_a_checked_stored_film(job: Job) -> None:
    work_off(job)
    assert job.status == JobState.COMPLETED
    result = job.results.get()
    assert (result.frames, result.width, result.height, result.aspect_ratio) == (14, 64, 64, "1:1")
    with storages["media"].open(result.asset.key) as film:
        assert len(film.read()) == result.asset.size > 1024
    assert job.quality["findings"] == []
    assert (job.actual_cost, job.message) == (0, "Video rendering complete!")


def test_the_log_tells_the_story_in_its_words(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        work_off(job)
    stored = job.results.get().asset
    story = [line for line in said(caplog, job) if not line.startswith("Segment")]
    assert story == [
        "Starting video rendering",
        "Extracting image URLs from storyboard",
        "Extracted 2 image URLs",
        "Video rendering attempt 1/3",
        "Video rendered successfully",
        f"Downloading video from {stored.key}",
        f"Video downloaded successfully ({stored.size} bytes)",
        "Cost - Estimated: $0.00, Actual: $0.00",
        "Video rendering task completed successfully",
    ]


def test_each_segment_is_a_row_and_the_last_one_wakes_the_job(job: Job) -> None:
    tasks.run_job(str(job.pk))
    job.refresh_from_db()
    kinds = list(job.segments.values_list("kind", "frames"))
    assert kinds == [("body", 6), ("transition", 2), ("body", 6)]
    assert (job.status, job.waiting_for, job.attempt) == (JobState.RENDERING, 3, 0)
    for segment in job.segments.all():
        assert not Job.objects.filter(pk=job.pk).claimable().exists()
        tasks.run_segment(str(segment.pk))
    assert Job.objects.filter(pk=job.pk).claimable().exists()


def test_progress_has_real_counts(job: Job) -> None:
    assert progress.of(job) | {"estimated_completion_seconds": None} == {
        "current_stage": "queued",
        "scenes_total": 2,
        "scenes_completed": 0,
        "current_scene": None,
        "fraction": 0.0,
        "estimated_completion_seconds": None,
        "message": "",
    }
    tasks.run_job(str(job.pk))
    first, crossing, second = job.segments.all()
    seen = []
    for segment in (first, crossing, second):
        tasks.run_segment(str(segment.pk))
        job.refresh_from_db()
        seen.append(progress.of(job))
    assert [state["scenes_completed"] for state in seen] == [0, 1, 2]
    assert [state["current_scene"] for state in seen] == [1, 2, 2]
    assert seen[0]["message"] == "Rendering video from images..."
    assert 0 < seen[0]["fraction"] < seen[1]["fraction"] < seen[2]["fraction"] < 1
    assert seen[0]["estimated_completion_seconds"] is not None
    work_off(job)
    assert progress.of(job)["fraction"] == 1.0
    assert progress.of(job)["scenes_completed"] == 2


def test_conversions_move_the_fraction_and_the_time_that_is_left(
    approved: Storyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = order.render(approved, {"quality": "draft", "formats": ["webm", "gif"]})[0]
    seen: list[dict[str, Any]] = []
    renew = Job.renew

    def look(row: Job, state: dict[str, Any] | None = None) -> None:
        renew(row, state)
        if state:
            seen.append(progress.of(row))

    monkeypatch.setattr(Job, "renew", look)
    assert work_off(job).status == "completed"
    fractions = [state["fraction"] for state in seen]
    assert len(set(fractions)) > 2
    assert fractions == sorted(fractions)
    assert 0.5 < fractions[0] < 0.9
    assert fractions[-1] <= progress.STAGE_FRACTION[Stage.SAVING]
    assert all(state["estimated_completion_seconds"] is not None for state in seen)


def test_a_conversion_that_tries_again_does_not_go_back() -> None:
    work = progress.Conversions(2)
    work.begin()
    reports = [{"done": done, "total": 30} for done in (15, 30, 15)]
    assert [heard["converted"] for report in reports if (heard := work.heard(report))] == [0.25, 0.5, 0.5]
    assert work.heard({"event": "tick"}) is None


def test_a_second_order_reuses_every_segment(job: Job, approved: Storyboard, caplog: pytest.LogCaptureFixture) -> None:
    work_off(job)
    again, new = order.render(approved, {"force": True})
    assert new
    with caplog.at_level(logging.INFO):
        work_off(again)
    assert again.status == JobState.COMPLETED
    assert all(again.segments.values_list("cached", flat=True))
    assert [line for line in said(caplog, again) if "rendered (" in line] == []


def test_an_edit_of_one_scene_renders_that_scene_alone(
    job: Job, approved: Storyboard, author: Any, reviewer: Any
) -> None:
    work_off(job)
    last = approved.scenes.last()
    write.change_scene(approved, author, last, {"caption": "Another word"})
    review.submit(approved, author)
    second = review.approve_and_render(approved, reviewer, approved.revision)
    work_off(second)
    assert list(second.segments.values_list("cached", flat=True)) == [True, True, False]


def test_what_lost_its_approval_is_not_rendered(job: Job, approved: Storyboard, author: Any, caplog: Any) -> None:
    write.rewrite(approved, author, approved.document() | {"title": "Another title"})
    work_off(job)
    assert (job.status, job.error_code, job.error_detail) == ("failed", "not_approved", "Storyboard must be approved")
    assert said(caplog, job, logging.ERROR) == ["Storyboard not approved, cannot render video", "Marked as failed"]
    assert not job.segments.exists()


def test_a_job_without_a_document_fails(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(document={})
    work_off(job)
    assert (job.error_code, job.error_detail) == ("no_storyboard_data", "No storyboard data available")


def test_a_picture_that_lost_its_bytes_fails_the_job_and_a_retry_works_when_they_are_back(
    job: Job, approved: Storyboard, picture: MediaAsset
) -> None:
    media = storages["media"]
    path = Path(media.path(picture.key))
    kept = path.read_bytes()
    path.write_bytes(kept[:-1])
    work_off(job)
    assert (job.status, job.error_code) == (JobState.FAILED, "input_gone")
    approved.refresh_from_db()
    assert approved.is_approved, "the storyboard stays approved"
    path.write_bytes(kept)
    again = order.retry(job)
    assert again.retry_of == job
    assert work_off(again).status == JobState.COMPLETED


def test_a_failing_segment_is_tried_three_times_with_30_and_90_seconds_between(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tasks.run_job(str(job.pk))
    broken = job.segments.first()
    assert broken is not None
    # Specs are ours: one that asks for an impossible encoder fails as a broken encoder would.
    spec = broken.spec | {"spec": broken.spec["spec"] | {"encoding": {"preset": "none", "crf": 20}}}
    Segment.objects.filter(pk=broken.pk).update(spec=spec)
    with caplog.at_level(logging.INFO):
        for delay in (30, 90):
            tasks.run_segment(str(broken.pk))
            broken.refresh_from_db()
            assert (broken.run_after - broken.updated_at).total_seconds() == pytest.approx(delay, abs=1)
            job.refresh_from_db()
            assert job.message == f"Retrying in {delay}s..."
            let_time_pass(job)
        tasks.run_segment(str(broken.pk))
    job.refresh_from_db()
    broken.refresh_from_db()
    assert (broken.status, broken.attempt, broken.retry_count) == ("failed", 3, 2)
    assert (job.status, job.error_code, job.error_detail) == ("failed", "attempts_exhausted", "Failed after 3 attempts")
    assert len(job.warnings) == 3
    assert [line for line in said(caplog, job) if "Retrying" in line] == ["Retrying in 30s...", "Retrying in 90s..."]
    assert len([line for line in said(caplog, job, logging.WARNING) if line.startswith("Rendering attempt")]) == 3


def test_a_second_try_that_succeeds_says_so(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    tasks.run_job(str(job.pk))
    segment = job.segments.first()
    assert segment is not None
    good = segment.spec
    Segment.objects.filter(pk=segment.pk).update(spec=good | {"spec": good["spec"] | {"encoding": {}}})
    tasks.run_segment(str(segment.pk))
    Segment.objects.filter(pk=segment.pk).update(spec=good)
    let_time_pass(job)
    with caplog.at_level(logging.INFO):
        tasks.run_segment(str(segment.pk))
    job.refresh_from_db()
    assert job.message == "Rendering video (attempt 2)..."
    assert "Video rendering succeeded" in said(caplog, job)
    assert work_off(job).status == JobState.COMPLETED


BAD_FILMS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "26 bytes": (lambda film: film[:26], "File too small"),
    "empty": (lambda film: b"", "Downloaded file is empty"),
    "cut": (lambda film: film[: len(film) * 2 // 3], "Not a valid video"),
    "no film at all": (lambda film: b"<html>" * 1000, "Not a valid video"),
}


@pytest.mark.parametrize("kind", BAD_FILMS)
def test_a_bad_film_never_completes_a_job(
    kind: str, job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk spoils the joined film before the check looks at it."""
    spoil, sentence = BAD_FILMS[kind]
    join = launch.join

    def joined(timeline: Any, segments: Any, sound: Any, output: Path, **options: Any) -> Any:
        report = join(timeline, segments, sound, output, **options)
        output.write_bytes(spoil(output.read_bytes()))
        return report

    monkeypatch.setattr(launch, "join", joined)
    work_off(job)
    assert job.status == JobState.QUEUED, "it is tried again"
    assert not job.results.exists()
    assert sentence in said(caplog, job, logging.WARNING)[0]
    monkeypatch.setattr(launch, "join", join)
    let_time_pass(job)
    assert work_off(job).status == JobState.COMPLETED


def test_a_storage_that_keeps_other_bytes_never_completes_a_job(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(complete, "require_same", spoiled(complete.require_same))
    before, kept = MediaAsset.objects.count(), films()
    work_off(job)
    assert job.status == JobState.QUEUED
    assert job.warnings == ["Attempt 1 failed: The stored film is not the checked one."]
    assert MediaAsset.objects.count() == before
    assert films() == kept, "what was stored is taken out again"


def films() -> set[Path]:
    return set(Path(storages["media"].path("media")).rglob("original-*.mp4"))


def spoiled(require_same: Any) -> Any:
    def compare(stored: Any, report: dict[str, Any]) -> None:
        require_same(stored, report | {"sha256": "0" * 64})

    return compare


def test_a_segment_that_vanished_from_the_cache_is_rendered_again(job: Job) -> None:
    tasks.run_job(str(job.pk))
    for segment in job.segments.all():
        tasks.run_segment(str(segment.pk))
    lost = job.segments.all()[1]
    segment_run.cache().path(lost.key).unlink()
    assert work_off(job).status == JobState.QUEUED
    let_time_pass(job)
    assert work_off(job).status == JobState.COMPLETED
    assert job.segments.filter(cached=False).count() == 3


def test_a_canceled_job_stops_its_segments(job: Job) -> None:
    tasks.run_job(str(job.pk))
    order.cancel(job)
    assert job.status == JobState.CANCELED
    assert set(job.segments.values_list("status", flat=True)) == {"canceled"}
    assert work_off(job).status == JobState.CANCELED


def test_a_task_may_be_called_twice(job: Job) -> None:
    tasks.run_job(str(job.pk))
    tasks.run_job(str(job.pk))
    assert job.segments.count() == 3
    work_off(job)
    tasks.run_job(str(job.pk))
    assert job.results.count() == 1


def test_no_workspace_outlives_a_job(job: Job) -> None:
    work_off(job)
    left = [path.name for path in settings.WORKSPACES_DIR.iterdir()] if settings.WORKSPACES_DIR.exists() else []
    assert not [name for name in left if str(job.pk) in name]
    assert Stage(job.stage or Stage.SAVING)
