"""A close look at a joined film: what it shows and sounds like that its plan does not explain. No rows, no Django."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rendering.engine import findings, finish
from rendering.engine.findings import Doubt, Finding
from rendering.engine.launch import SoundFile
from rendering.engine.segments import SegmentSpec, at
from rendering.engine.timeline import Timeline

LEAST_CHANGE = 3
"""Levels by which a block of a picture that moves changes."""
Fetch = Callable[[frozenset[str]], Mapping[str, Path]]


def look(
    timeline: Timeline,
    specs: Sequence[SegmentSpec],
    path: Path,
    sound: SoundFile | None,
    sounds: Mapping[str, Path],
    lengths: Mapping[str, float],
    fetch: Fetch,
    *,
    moviepy_layers: Sequence[str] = (),
    **how: Any,
) -> list[Finding]:
    """What is to be said of a film; without `sound` only its pictures are looked at.

    `lengths` are the seconds of each footage, `fetch` brings the assets that a second look needs.
    """
    moving = findings.moving(timeline, lengths)
    measured = finish.measure(path, timeline, moving, sounds, sound=sound is not None, **how)
    found, doubts = findings.of_pictures(timeline, measured, lengths)

    def drawn(place: int) -> dict[str, Any]:
        spec, frame = at(specs, place)
        return finish.plan_look(spec, frame, fetch(spec.assets), path.parent, moviepy_layers=moviepy_layers, **how)

    found += [findings.confirmed(doubt, timeline) for doubt in doubts if not explained(doubt, drawn)]
    if sound is not None:
        found += findings.of_sound(timeline, measured, sound.loudness_lufs, sound.true_peak_dbtp)
    return found


def explained(doubt: Doubt, drawn: Callable[[int], dict[str, Any]]) -> bool:
    """Whether the plan itself draws what the film shows: black, or pictures that look the same."""
    if doubt.kind == "black":
        return bool(drawn((doubt.first + doubt.until) // 2)["black"])
    first, last = drawn(doubt.first), drawn(doubt.until - 1)
    changes = (abs(one - other) for one, other in zip(first["blocks"], last["blocks"], strict=True))
    return bool(max(changes) < LEAST_CHANGE)


def sentences(found: Sequence[Finding]) -> list[str]:
    """Each thing once."""
    return list(dict.fromkeys(each.detail for each in found))
