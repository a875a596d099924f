"""A document and its files become a checked film, or one picture of it, in this process: no rows, no queue."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rendering.engine import launch
from rendering.engine.segments import Encoding, split
from rendering.video_templates.base import AssetFacts
from rendering.workflow import crew, plan
from rendering.workflow.document import Document
from rendering.workflow.film_run import OnProgress, Run
from rendering.workflow.segment_cache import SegmentCache, synced


@dataclass(frozen=True)
class AssetFile:
    """A local file behind a reference of a document."""

    path: Path
    facts: AssetFacts


@dataclass(frozen=True)
class Film:
    """What was made, as the check found it."""

    path: Path
    frames: int
    duration: float
    width: int
    height: int
    size: int
    sha256: str
    segments: int
    cached: int
    warnings: tuple[str, ...] = ()


def render_film(
    document: Document,
    files: Mapping[str, AssetFile],
    output: Path,
    *,
    workspace: Path,
    cache: SegmentCache | None = None,
    quality: str | None = None,
    encoding: Encoding | None = None,
    moviepy_layers: Sequence[str] = (),
    stall: float = launch.STALL_SECONDS,
    children: int | None = None,
    accept_quality: bool = False,
    on_progress: OnProgress | None = None,
) -> Film:
    """Render, join and check; `output` appears only when all of it is good. Without `cache` nothing is kept.

    Raises QualityCheckFailed for a film that its plan does not explain; with `accept_quality` that is a warning.
    """
    timeline = plan.timeline(document, facts_of(files), quality=quality)
    specs = split(timeline, encoding)
    run = Run(
        timeline,
        specs,
        paths_of(files),
        {file.facts.sha256: file.facts.duration for file in files.values()},
        workspace,
        cache,
        tuple(moviepy_layers),
        stall,
        accept_quality,
        on_progress,
    )
    draft = output.with_name(f".{output.name}.{uuid.uuid4().hex}.part.mp4")
    try:
        report = run.film(draft, children or crew.size())
        synced(draft)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)
    run.tell("saving", 1.0)
    return Film(
        path=output,
        frames=timeline.frames,
        duration=timeline.duration,
        width=timeline.width,
        height=timeline.height,
        size=report["size"],
        sha256=report["sha256"],
        segments=len(specs),
        cached=len(run.found),
        warnings=tuple(dict.fromkeys(run.warnings)),
    )


def still(
    document: Document,
    files: Mapping[str, AssetFile],
    seconds: float,
    output: Path,
    *,
    moviepy_layers: Sequence[str] = (),
) -> None:
    """The frame that is seen at this time, as a JPEG; after the end it is the last one."""
    timeline = plan.timeline(document, facts_of(files))
    frame = min(max(0, int(seconds * timeline.fps + 1e-6)), timeline.frames - 1)
    draft = output.with_name(f".{output.name}.{uuid.uuid4().hex}.part.jpg")
    try:
        launch.still(timeline, frame, paths_of(files), draft, moviepy_layers=moviepy_layers)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)


def facts_of(files: Mapping[str, AssetFile]) -> dict[str, AssetFacts]:
    return {reference: file.facts for reference, file in files.items()}


def paths_of(files: Mapping[str, AssetFile]) -> dict[str, Path]:
    """Local file by sha256, as the engine asks for them."""
    return {file.facts.sha256: file.path for file in files.values()}
