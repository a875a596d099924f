"""No space is left: for scratch files, for the cache, for the library. Work waits for room; nothing half is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile

from media_assets import identity
from media_assets.models import MediaAsset
from rendering.models import Job, Prediction, Segment, Storyboard
from rendering.states import JobState
from rendering.workflow import order, segment_run
from tests import footage
from tests.base import Api, problem
from tests.services import lacking
from tests.small_disk import PAGE, SmallDisk, may_have_a_namespace, may_mount, mounted
from tests.workflow.queue import let_time_pass, work_off
from videoserver.work import workspace

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
SENTENCE = "The storage is full."
ROOMS = ("workspaces", "segments", "media")
MOST_PAGES = 600


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if not may_mount():
        if may_have_a_namespace():
            pytest.skip("only root may mount: it is run by test_all_of_it_as_somebody_who_may_not_mount")
        lacking("A way to mount a small disk")
    with mounted(tmp_path / "disk") as small:
        yield small


@pytest.fixture(params=ROOMS)
def room(request: pytest.FixtureRequest, disk: SmallDisk, tmp_path: Path, settings: Any) -> str:
    """What lies on the small disk; all else is beside it, and new."""
    place = {name: (disk.folder if name == request.param else tmp_path) / name for name in ROOMS}
    settings.WORKSPACES_DIR, settings.SEGMENTS_DIR = place["workspaces"], place["segments"]
    settings.STORAGES = settings.STORAGES | {
        "media": settings.STORAGES["media"] | {"OPTIONS": {"location": str(place["media"])}}
    }
    return str(request.param)


@pytest.fixture
def patient(settings: Any) -> None:
    """Work is tried as often as a test likes."""
    settings.MAX_RETRIES = 1000


def rows_of(job: Job) -> list[Any]:
    return [Job.objects.get(pk=job.pk), *Segment.objects.filter(job=job), *Prediction.objects.filter(job=job)]


def assert_nothing_half_is_kept() -> None:
    assert workspace.census().count == 0
    root = Path(storages["media"].path(""))
    pairs = MediaAsset.objects.values_list("key", "thumbnail_key")
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} - {identity.MARKER}
    assert files == {key for pair in pairs for key in pair if key}
    kept = [path for path in segment_run.cache().folder.rglob("*") if path.is_file()]
    for path in kept:
        assert segment_run.cache().find(path.stem), path


def more_and_more() -> Iterator[int]:
    """Room in bytes: a page more each time, later some pages more."""
    pages = 0
    while pages < MOST_PAGES:
        yield pages * PAGE
        pages += 1 + pages // 6


def walk(disk: SmallDisk, job: Job) -> tuple[int, list[str]]:
    """Give the job more room each time, until it has ended; how often it was stopped, and what it said then."""
    stopped, said = 0, []
    for room in more_and_more():
        disk.leave(room)
        if work_off(job).has_ended:
            break
        stopped += 1
        said.append(job.message)
        assert {row.error_code for row in rows_of(job)} <= {"", "storage_full"}
        assert_nothing_half_is_kept()
        let_time_pass(job)
    disk.empty()
    return stopped, said


@pytest.mark.usefixtures("patient")
def test_wherever_the_room_ends_the_film_is_made_when_there_is_more(
    room: str, approved: Storyboard, disk: SmallDisk
) -> None:
    job = order.render(approved, {"formats": ["gif"]})[0]
    stopped, said = walk(disk, job)
    assert stopped >= 3, "it met the end of the room at several places"
    assert job.status == JobState.COMPLETED, (job.error_code, job.error_detail)
    assert said[0] == "Retrying in 30s..."
    assert {warning.partition(": ")[2] for warning in job.warnings} == {SENTENCE}
    assert_nothing_half_is_kept()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("room", ["workspaces", "media"], indirect=True)
def test_wherever_the_room_ends_a_generation_goes_on_when_there_is_more(
    room: str, approved: Storyboard, disk: SmallDisk
) -> None:
    brief = {"brief": "A harbour at dawn.\n\nBoats go out.", "only": ["text", "image"]}
    job = order.generate(approved, brief)
    stopped, _ = walk(disk, job)
    assert stopped >= 2
    assert job.status == JobState.COMPLETED, (job.error_code, job.error_detail)


def test_a_disk_that_stays_full_fails_the_job_with_its_own_code_and_a_retry_needs_no_restart(
    room: str, approved: Storyboard, author_api: Api, disk: SmallDisk
) -> None:
    job = order.render(approved)[0]
    disk.leave(0)
    said = []
    for _ in range(3):
        said.append(work_off(job).message)
        let_time_pass(job)
    assert said[:2] == ["Retrying in 30s...", "Retrying in 90s..."]
    assert job.status == JobState.FAILED
    body = author_api.get(f"/api/v1/jobs/{job.pk}/").json()
    assert body["error"] == {"code": "storage_full", "detail": SENTENCE}
    assert body["warnings"] == [f"Attempt {number} failed: {SENTENCE}" for number in (1, 2, 3)]
    assert not job.results.exists()
    assert_nothing_half_is_kept()
    disk.empty()
    again = author_api.post(f"/api/v1/jobs/{job.pk}/retry/").json()
    assert work_off(Job.objects.get(pk=again["id"])).status == JobState.COMPLETED


@pytest.mark.parametrize("room", ["workspaces", "media"], indirect=True)
@pytest.mark.parametrize("name", ["pier.png", "film.mp4"])
def test_an_upload_that_finds_no_room_is_answered_with_507(
    room: str, name: str, author_api: Api, disk: SmallDisk, tmp_path: Path
) -> None:
    make = footage.picture if name.endswith("png") else footage.film
    content = make(tmp_path / name).read_bytes()
    refused = 0
    for free in more_and_more():
        disk.leave(free)
        answer = author_api.post("/api/v1/media/", {"file": SimpleUploadedFile(name, content)}, format="multipart")
        if answer.status_code == 201:
            break
        problem(answer, 507, "storage_full")
        refused += 1
        assert not MediaAsset.objects.exists()
        assert_nothing_half_is_kept()
    assert refused >= 2
    assert MediaAsset.objects.get().status == "ready"


def test_a_large_upload_that_does_not_fit_beside_the_others_is_answered_with_507(
    disk: SmallDisk, author_api: Api, settings: Any
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(disk.folder)
    large = SimpleUploadedFile("large.png", os.urandom(settings.FILE_UPLOAD_MAX_MEMORY_SIZE + PAGE))
    disk.leave(100 * PAGE)
    answer = author_api.post("/api/v1/media/", {"file": large}, format="multipart")
    problem(answer, 507, "storage_full")
    assert not MediaAsset.objects.exists()
    disk.empty()
    for handler in answer.wsgi_request.upload_handlers:
        if file := getattr(handler, "file", None):
            file.close()  # Django leaves what is half written to the garbage collector
    assert list(disk.folder.iterdir()) == []


def test_all_of_it_as_somebody_who_may_not_mount() -> None:
    if may_mount():
        pytest.skip("this process may mount: each test has run by itself")
    if not may_have_a_namespace():
        lacking("A way to mount a small disk")
    words = ["unshare", "--map-root-user", "--mount", sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", __file__]
    inside = {name: value for name, value in os.environ.items() if not name.startswith(("TESTS_DIR", "PYTEST"))}
    done = subprocess.run(words, cwd=ROOT, env=inside, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-8000:]
