"""A text that had to be cut is told to whoever ordered the film, also when its segments come from the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from rendering.models import Job, Storyboard
from rendering.states import JobState
from rendering.workflow import order
from tests.workflow.queue import work_off

pytestmark = pytest.mark.django_db
LONG = "The fishing boats come home at dawn while the gulls are loud above the quays. " * 6


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SEGMENTS_DIR", tmp_path / "segments")


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    """Its second scene has a caption that three lines cannot hold."""
    first, second = document["scenes"]
    return document | {"width": 320, "height": 180, "scenes": [first, second | {"caption": LONG}]}


def test_a_shortened_caption_is_a_warning_on_the_job(approved: Storyboard) -> None:
    def warned(job: Job) -> str:
        work_off(job)
        assert job.status == JobState.COMPLETED
        (sentence,) = job.warnings
        return str(sentence)

    rendered = warned(order.render(approved)[0])
    assert rendered.startswith("Scene 2: the caption was shortened to fit: “The fishing boats")
    again = order.render(approved, {"force": True})[0]
    assert warned(again) == rendered
    assert all(segment.cached for segment in again.segments.all())
