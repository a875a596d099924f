"""Whatever goes wrong at whatever point: the work is done once in the end, and nothing is left of what went wrong."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import storages

from media_assets import identity
from media_assets.models import MediaAsset
from rendering.models import Job, JobResult, Storyboard
from rendering.states import JobState
from rendering.workflow import order
from tests.workflow.fault_points import EVERY_ROW, FILM, GENERATION, IMPORT, WORKER
from tests.workflow.queue import let_time_pass, work_off
from videoserver.work import faults, line, workspace
from videoserver.work.faults import Fault, FaultInjected
from videoserver.work.sandbox import Child, ChildFailed
from videoserver.work.states import WorkState

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
ROOT = Path(__file__).resolve().parents[2]
AFTER_THE_END = ("job.after_commit",)


@pytest.fixture(autouse=True)
def nothing_cached(tmp_path: Path, settings: Any) -> None:
    """Every point is passed, and what is left can be counted."""
    settings.SEGMENTS_DIR = tmp_path / "segments"
    settings.WORKSPACES_DIR = tmp_path / "workspaces"
    settings.DATA_DIR = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "media": settings.STORAGES["media"] | {"OPTIONS": {"location": str(tmp_path / "media")}}
    }


def ordered(point: str, approved: Storyboard) -> Job:
    """The work in which the point is passed."""
    if point in GENERATION:
        return order.generate(approved, {"brief": "A harbour at dawn.\n\nBoats go out.", "only": ["text", "image"]})
    return order.render(approved, {"force": True})[0]


def work_on(job: Job) -> Job:
    """Until it has ended, over all retries."""
    for _ in range(4):
        try:
            if work_off(job).has_ended:
                break
        except FaultInjected:  # between the claim and the run: nobody holds the row, and its lease will lapse
            for model in line.models():
                model.objects.live().exclude(lease_until=None).update(lease_until=job.created_at)
        let_time_pass(job)
    return job


def stored() -> set[str]:
    """The keys of all that the storage holds."""
    root = Path(storages["media"].path(""))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} - {identity.MARKER}


def owned() -> set[str]:
    """The keys that rows name."""
    pairs = MediaAsset.objects.values_list("key", "thumbnail_key")
    return {key for pair in pairs for key in pair if key}


def assert_nothing_is_left(job: Job) -> None:
    assert stored() == owned(), "no file without a row, no row without a file"
    assert workspace.census().count == 0
    for rows in job.children():
        assert not rows.filter(finished_at=None).exists()
    assert not job.inputs.exists()


def assert_done_once(job: Job) -> None:
    assert job.status == JobState.COMPLETED, (job.error_code, job.error_detail)
    for rows in job.children():
        assert {row.status for row in rows} <= {WorkState.COMPLETED}
    if job.kind == "storyboard":
        asset = job.results.get().asset
        with storages["media"].open(asset.key) as film:
            assert hashlib.sha256(film.read()).hexdigest() == asset.checksum
    assert_nothing_is_left(job)


@pytest.mark.parametrize("point", [*FILM, *GENERATION])
def test_an_error_at_any_point_is_mended_by_a_retry(
    point: str, approved: Storyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "ARMED", {point: Fault("raise", hit=1)})
    job = work_on(ordered(point, approved))
    assert (faults._count(point)) >= 2, "the point was passed"
    assert_done_once(job)
    hidden = [warning for warning in job.warnings if point in warning]
    assert not hidden, "inner texts stay inside"


@pytest.mark.parametrize("point", [*FILM, *GENERATION])
def test_a_cancel_at_any_point_wins_or_loses_but_never_both(
    point: str, approved: Storyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ordered(point, approved)
    before = MediaAsset.objects.count()
    struck: list[str] = []

    def cancel(name: str) -> None:
        if name == point and not struck:
            struck.append(name)
            order.cancel(Job.objects.get(pk=job.pk))

    monkeypatch.setattr(faults, "ARMED", {point: Fault("raise")})
    monkeypatch.setattr(faults, "strike", cancel)
    # Or it would look for a cancel every two seconds only.
    monkeypatch.setattr("videoserver.work.row.LOOK_EVERY", 0.0)
    work_on(job)
    assert struck
    job.refresh_from_db()
    if job.status == JobState.COMPLETED:
        assert point in ("job.before_commit", *AFTER_THE_END), "only what had happened already can't be canceled"
        assert_done_once(job)
    else:
        assert job.status == JobState.CANCELED
        assert not JobResult.objects.filter(job=job).exists()
        assert MediaAsset.objects.count() == before or point.startswith("prediction")
        assert_nothing_is_left(job)
    assert order.cancel(job).status == job.status, "a second cancel changes nothing"


def test_a_child_that_dies_over_our_own_film_is_not_the_films_fault(
    approved: Storyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths = [ChildFailed("child_died", "The child was killed.")]
    really = Child.request

    def die_once(child: Child, request: dict[str, Any], **how: Any) -> Any:
        if child.module == "media_assets.av" and deaths:
            raise deaths.pop()
        return really(child, request, **how)

    job = order.render(approved, {"force": True})[0]
    monkeypatch.setattr(Child, "request", die_once)
    assert_done_once(work_on(job))
    assert job.warnings == ["Attempt 1 failed: FFmpeg processing failed"]


def test_every_point_of_the_code_is_in_this_suite() -> None:
    literal, computed = re.compile(r'faultpoint\("([a-z_.]+)"\)'), re.compile(r'_meta\.model_name\}\.([a-z_]+)"')
    named, suffixes = set(), set()
    for room in ("videoserver", "media_assets", "rendering"):
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text()
            named |= set(literal.findall(text))
            suffixes |= set(computed.findall(text))
    assert suffixes == set(EVERY_ROW)
    rows = {f"{row}.{suffix}" for row in ("job", "segment", "prediction", "mediaimport") for suffix in suffixes}
    assert named | rows == {*FILM, *GENERATION, *IMPORT, *WORKER}


def test_faults_are_read_from_words() -> None:
    assert faults.parse("job.stored:kill9@3, segment.kept:sleep=0.5,job.made:stop") == {
        "job.stored": Fault("kill9", 3),
        "segment.kept": Fault("sleep", None, 0.5),
        "job.made": Fault("stop"),
    }
    assert faults.parse("") == {}
    with pytest.raises(ValueError, match=r"it holds 'job\.stored:explode'"):
        faults.parse("job.stored:explode")


def test_a_fault_strikes_at_its_hit_whichever_process_has_it(monkeypatch: pytest.MonkeyPatch, author: User) -> None:
    monkeypatch.setattr(faults, "ARMED", {"job.made": Fault("raise", hit=2)})
    faults.faultpoint("job.made")
    faults.faultpoint("job.stored")
    with pytest.raises(FaultInjected):
        faults.faultpoint("job.made")
    faults.faultpoint("job.made")


def test_nothing_is_armed_by_itself() -> None:
    assert faults.ARMED == {}
