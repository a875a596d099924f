"""A document and its files become a checked film, or one picture of it, in this process: no rows, no queue."""

from __future__ import annotations

import os
import queue
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rendering.engine import launch
from rendering.engine.launch import SegmentFile
from rendering.engine.segments import Encoding, SegmentSpec, split
from rendering.engine.timeline import Timeline
from rendering.video_templates.base import AssetFacts
from rendering.workflow import plan
from rendering.workflow.document import Document
from rendering.workflow.segment_cache import SegmentCache, synced
from videoserver.work.sandbox import Child


@dataclass(frozen=True)
class AssetFile:
    """A local file behind a reference of a document."""

    path: Path
    facts: AssetFacts


@dataclass(frozen=True)
class Progress:
    """How far a film is; `fraction` is of the whole."""

    stage: str
    fraction: float
    scenes_total: int
    scenes_completed: int


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


OnProgress = Callable[[Progress], None]


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
    on_progress: OnProgress | None = None,
) -> Film:
    """Render, join and check; `output` appears only when all of it is good. Without `cache` nothing is kept."""
    timeline = plan.timeline(document, facts_of(files), quality=quality)
    specs = split(timeline, encoding)
    run = Run(timeline, specs, paths_of(files), workspace, cache, tuple(moviepy_layers), stall, on_progress)
    made = run.segments_and_sound(children or len(os.sched_getaffinity(0)))
    draft = output.with_name(f".{output.name}.{uuid.uuid4().hex}.part.mp4")
    try:
        run.tell("combining", 0.97)
        joined = [(spec, made.segments[spec.key].path) for spec in specs]
        launch.join(timeline, joined, made.sound, draft, on_event=run.alive)
        run.tell("checking", 0.98)
        report = launch.check(draft, timeline, on_event=run.alive)
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
        cached=made.cached,
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


@dataclass(frozen=True)
class Made:
    segments: dict[str, SegmentFile]
    """By key: a scene that is there twice is rendered once."""
    sound: Path
    cached: int


@dataclass
class Run:
    """One rendering: what it works on, and how far it is."""

    timeline: Timeline
    specs: list[SegmentSpec]
    assets: dict[str, Path]
    workspace: Path
    cache: SegmentCache | None
    moviepy_layers: tuple[str, ...]
    stall: float
    on_progress: OnProgress | None
    frames_done: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)

    def segments_and_sound(self, children: int) -> Made:
        """All segments that the cache lacks, and the sound, on as many children as there are cores."""
        found = {spec.key: file for spec in self.specs if self.cache and (file := self.cache.find(spec.key))}
        missing = {spec.key: spec for spec in self.specs if spec.key not in found}
        self.frames_done = {key: file.frames for key, file in found.items()}
        self.tell("rendering")
        with crew(min(children, len(missing) + 1)) as (pool, free):
            longest_first = sorted(missing.values(), key=lambda spec: -spec.frames)
            renders = [pool.submit(self.render, spec, free) for spec in longest_first]
            sound = pool.submit(self.sound, free)
            try:
                rendered = {spec.key: run.result() for spec, run in zip(longest_first, renders, strict=True)}
                return Made(found | rendered, sound.result(), len(found))
            except BaseException:
                self.stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def render(self, spec: SegmentSpec, free: queue.SimpleQueue[Child]) -> SegmentFile:
        child = free.get()
        try:
            file = launch.segment(
                spec,
                self.assets,
                self.workspace / f"{spec.key}.mp4",
                on_event=lambda event: self.advance(spec, event),
                moviepy_layers=self.moviepy_layers,
                stall=self.stall,
                child=child,
            )
            self.advance(spec, {"frames_done": spec.frames})
            return self.cache.put(spec.key, file) if self.cache else file
        finally:
            free.put(child)

    def sound(self, free: queue.SimpleQueue[Child]) -> Path:
        child = free.get()
        try:
            made = launch.sound(
                self.timeline, self.assets, self.workspace / "sound.m4a", on_event=self.alive, child=child
            )
            return made.path
        finally:
            free.put(child)

    def alive(self, event: dict[str, Any]) -> None:
        """Called at least once a second; ends the child when another part has failed."""
        if self.stop.is_set():
            raise InterruptedError("Another part of the film failed.")

    def advance(self, spec: SegmentSpec, event: dict[str, Any]) -> None:
        self.alive(event)
        if "frames_done" in event:
            self.frames_done[spec.key] = event["frames_done"]
            self.tell("rendering")

    def tell(self, stage: str, fraction: float | None = None) -> None:
        if self.on_progress is None:
            return
        with self.lock:
            done = {spec.index for spec in self.specs if self.frames_done.get(spec.key, 0) >= spec.frames}
            frames = sum(min(self.frames_done.get(spec.key, 0), spec.frames) for spec in self.specs)
            open_scenes = {scene for spec in self.specs if spec.index not in done for scene in spec.scenes}
            scenes = len(self.timeline.video)
            share = 0.96 * frames / self.timeline.frames if fraction is None else fraction
            self.on_progress(Progress(stage, share, scenes, scenes - len(open_scenes)))


@contextmanager
def crew(children: int) -> Iterator[tuple[ThreadPoolExecutor, queue.SimpleQueue[Child]]]:
    """As many render children as threads that ask them; closed at the end, whatever happens."""
    hands = [Child(launch.MODULE) for _ in range(children)]
    free: queue.SimpleQueue[Child] = queue.SimpleQueue()
    for child in hands:
        free.put(child)
    with ThreadPoolExecutor(children, "render") as pool:
        try:
            yield pool, free
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            for child in hands:
                child.close()


def facts_of(files: Mapping[str, AssetFile]) -> dict[str, AssetFacts]:
    return {reference: file.facts for reference, file in files.items()}


def paths_of(files: Mapping[str, AssetFile]) -> dict[str, Path]:
    """Local file by sha256, as the engine asks for them."""
    return {file.facts.sha256: file.path for file in files.values()}
