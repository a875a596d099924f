"""`cleanup_segments`: what nobody used goes, what a job under way needs stays."""

from __future__ import annotations

import hashlib
import os
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from rendering.engine.launch import SegmentFile
from rendering.models import Job, Segment
from rendering.states import JobKind
from rendering.workflow.segment_cache import SegmentCache

pytestmark = pytest.mark.django_db
OLD, OLDER, FRESH = ("".join(letter * 64) for letter in "abc")


@pytest.fixture
def cache(tmp_path: Path, settings: Any) -> SegmentCache:
    """Three segments of 1000 bytes: unused for two days, for a day, and for no time."""
    settings.SEGMENTS_DIR = tmp_path / "segments"
    cache = SegmentCache(settings.SEGMENTS_DIR)
    made = tmp_path / "made.mp4"
    made.write_bytes(bytes(1000))
    for key, days in ((OLDER, 2), (OLD, 1), (FRESH, 0)):
        cache.put(key, SegmentFile(made, hashlib.sha256(bytes(1000)).hexdigest(), 1000, 30))
        used(cache.path(key).with_suffix(".json"), days)
    return cache


def used(path: Path, days: float) -> None:
    os.utime(path, (time.time() - days * 86400 - 60,) * 2)


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("cleanup_segments", *arguments, stdout=out)
    return out.getvalue()


def kept(cache: SegmentCache) -> set[str]:
    return {use.path.stem for use in cache.used()}


def test_what_fits_stays(cache: SegmentCache) -> None:
    assert "0 segments removed from the cache" in told()
    assert kept(cache) == {OLD, OLDER, FRESH}


def test_what_does_not_fit_goes_the_longest_unused_first(cache: SegmentCache, settings: Any) -> None:
    settings.SEGMENT_CACHE_BYTES = 2500
    assert "1 segments would be removed from the cache, 1.0 KB." in told("--dry-run")
    assert kept(cache) == {OLD, OLDER, FRESH}
    assert "1 segments removed from the cache, 1.0 KB." in (said := told())
    assert "2 are there now, 2.0 KB." in said
    assert kept(cache) == {OLD, FRESH}
    assert "0 segments removed" in told()


def test_an_age_is_a_limit_of_its_own(cache: SegmentCache) -> None:
    assert "1 segments removed" in told("--older-than", "36h")
    assert kept(cache) == {OLD, FRESH}


def test_what_a_job_under_way_needs_stays_however_old(cache: SegmentCache, author: User) -> None:
    job = Job.objects.create(owner=author, kind=JobKind.STORYBOARD, input_hash="x")
    segment = Segment.objects.create(job=job, index=0, key=OLDER, kind="body", first=0, frames=30)
    assert "1 segments removed" in told("--older-than", "1h")
    assert kept(cache) == {OLDER, FRESH}
    job.request_cancel()
    assert "1 segments removed" in told("--older-than", "1h"), segment
    assert kept(cache) == {FRESH}


def test_what_a_dead_writer_left_goes_and_what_is_being_written_stays(cache: SegmentCache) -> None:
    left, writing = (cache.folder / "aa" / f".{OLD}.{name}.mp4" for name in ("left", "writing"))
    left.write_bytes(bytes(500))
    used(left, 0.1)
    writing.write_bytes(bytes(500))
    assert "1 segments removed from the cache, 500 bytes." in told()
    assert not left.exists()
    assert writing.exists()
