"""The quality gate: what a film shows and sounds like that its plan does not explain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from rendering.engine import findings, finish
from rendering.engine.findings import Doubt, Finding
from rendering.engine.launch import SoundFile
from rendering.engine.segments import SegmentSpec, at
from rendering.exceptions import QualityCheckFailed
from rendering.models import Job
from rendering.workflow.outputs import PlannedFilm

logger = structlog.get_logger(__name__)

LEAST_CHANGE = 3
"""Levels by which a block of a picture that moves changes."""
Fetch = Callable[[frozenset[str]], dict[str, Path]]


def look(
    film: PlannedFilm,
    path: Path,
    sound: SoundFile,
    sounds: Mapping[str, Path],
    lengths: Mapping[str, float],
    fetch: Fetch,
    on_event: Callable[[dict[str, Any]], None],
) -> list[Finding]:
    """What the gate finds in a joined film; the sound, which all variants share, is heard in the first one.

    `lengths` are the seconds of each footage, `fetch` brings the assets that a second look needs.
    """
    timeline = film.timeline
    first = film.number == 0
    moving = findings.moving(timeline, lengths)
    measured = finish.measure(path, timeline, moving, sounds, sound=first, on_event=on_event)
    found, doubts = findings.of_pictures(timeline, measured, lengths)
    found += [findings.confirmed(doubt, timeline) for doubt in doubts if not explained(doubt, film, path.parent, fetch)]
    if first:
        found += findings.of_sound(timeline, measured, sound.loudness_lufs, sound.true_peak_dbtp)
    return found


def explained(doubt: Doubt, film: PlannedFilm, folder: Path, fetch: Fetch) -> bool:
    """Whether the plan itself draws what the film shows: black, or pictures that look the same."""
    middle = (doubt.first + doubt.until) // 2
    places = [middle] if doubt.kind == "black" else [doubt.first, doubt.until - 1]
    seen = [drawn(place, film, folder, fetch) for place in places]
    if doubt.kind == "black":
        return bool(seen[0]["black"])
    changes = (abs(one - other) for one, other in zip(seen[0]["blocks"], seen[1]["blocks"], strict=True))
    return bool(max(changes) < LEAST_CHANGE)


def drawn(place: int, film: PlannedFilm, folder: Path, fetch: Fetch) -> dict[str, Any]:
    spec: SegmentSpec
    spec, frame = at(list(film.specs), place)
    return finish.plan_look(spec, frame, fetch(spec.assets), folder, moviepy_layers=settings.MOVIEPY_LAYERS)


def judge(job: Job, found: list[Finding], sound: SoundFile) -> None:
    """Keep what was measured; raise QualityCheckFailed unless the order accepts what was found."""
    sentences = list(dict.fromkeys(each.detail for each in found))
    unique = {each.detail: each for each in reversed(found)}
    job.keep(
        quality={
            "loudness_lufs": sound.loudness_lufs,
            "true_peak_dbtp": sound.true_peak_dbtp,
            "findings": [unique[sentence].to_json() for sentence in sentences],
        }
    )
    if not sentences:
        return
    if not job.options.get("accept_quality"):
        raise QualityCheckFailed(" ".join(sentences))
    for sentence in sentences:
        logger.warning(f"Job {job.pk}: Accepted - {sentence}")
        Job.warn(job.pk, sentence)
