"""Mixed sound by content hash, beside the segments: a film whose words or pictures change keeps its sound."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rendering.engine import launch
from rendering.engine.launch import SegmentFile, SoundFile
from rendering.engine.timeline import Timeline
from rendering.workflow.segment_cache import SegmentCache

SOUND_VERSION = 1
"""Raise it whenever the same plan sounds different: every cached sound is then mixed anew."""


def sound(
    timeline: Timeline, assets: Mapping[str, Path], output: Path, cache: SegmentCache | None, **how: Any
) -> SoundFile:
    """The film's sound, from the cache or mixed to `output` and kept."""
    name = key(timeline)
    found = find(cache, name) if cache else None
    if found:
        return found
    made = launch.sound(timeline, assets, output, **how)
    return keep(cache, name, made, timeline.frames) if cache else made


def key(timeline: Timeline) -> str:
    """sha256 over all that decides a sample."""
    plan = {
        "sounds": [asdict(sound) for sound in timeline.audio],
        "frames": timeline.frames,
        "fps": timeline.fps,
        "loudness_lufs": timeline.loudness_lufs,
        "by": {"version": SOUND_VERSION, "av": version("av")},
    }
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def find(cache: SegmentCache, name: str) -> SoundFile | None:
    """The sound, if it is there and whole."""
    file = cache.find(name)
    if file is None:
        return None
    facts = json.loads(file.path.with_suffix(".json").read_bytes())
    return SoundFile(file.path, facts["loudness_lufs"], facts["true_peak_dbtp"], facts["duration"])


def keep(cache: SegmentCache, name: str, made: SoundFile, frames: int) -> SoundFile:
    """Put a mixed sound into the cache, with what was measured of it."""
    with made.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    facts = {name: value for name, value in asdict(made).items() if name != "path"}
    kept = cache.put(name, SegmentFile(made.path, sha256, made.path.stat().st_size, frames), **facts)
    return replace(made, path=kept.path)
