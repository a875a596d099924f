"""One rendering in this process: segments and sound on as many children as there are cores, then join and check."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rendering.engine import launch
from rendering.engine.launch import SegmentFile
from rendering.engine.segments import SegmentSpec
from rendering.engine.timeline import Timeline
from rendering.workflow.crew import Free, crew
from rendering.workflow.segment_cache import SegmentCache


@dataclass(frozen=True)
class Progress:
    """How far a film is; `fraction` is of the whole."""

    stage: str
    fraction: float
    scenes_total: int
    scenes_completed: int


OnProgress = Callable[[Progress], None]


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
    found: dict[str, SegmentFile] = field(init=False)
    """What the cache has, by key."""
    frames_done: dict[str, int] = field(init=False)
    warnings: list[str] = field(default_factory=list)
    """What a person should know of the film, once it is made."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        files = {spec.key: self.cache.find(spec.key) for spec in self.specs} if self.cache else {}
        self.found = {key: file for key, file in files.items() if file}
        self.frames_done = {key: file.frames for key, file in self.found.items()}

    def film(self, output: Path, children: int) -> dict[str, Any]:
        """Make the film; what the check found in it."""
        missing = {spec.key: spec for spec in self.specs if spec.key not in self.found}
        self.tell("rendering")
        with crew(min(children, len(missing) + 1)) as (pool, free):
            made, sound = self.segments_and_sound(missing, pool, free)
            child = free.get()
            self.tell("combining", 0.97)
            self.warnings = [told for spec in self.specs for told in made[spec.key].told(spec)]
            files = [(spec, made[spec.key].path) for spec in self.specs]
            launch.join(self.timeline, files, sound, output, on_event=self.alive, stall=self.stall, child=child)
            self.tell("checking", 0.98)
            return launch.check(output, self.timeline, on_event=self.alive, stall=self.stall, child=child)

    def segments_and_sound(
        self, missing: dict[str, SegmentSpec], pool: ThreadPoolExecutor, free: Free
    ) -> tuple[dict[str, SegmentFile], Path]:
        """All segments, by key: a scene that is there twice is rendered once. The short sound fills the last gap."""
        longest_first = sorted(missing.values(), key=lambda spec: -spec.frames)
        renders = [pool.submit(self.render, spec, free) for spec in longest_first]
        sound = pool.submit(self.sound, free)
        runs: list[Future[Any]] = [*renders, sound]
        try:
            for run in as_completed(runs):
                run.result()
        except BaseException:
            self.stop.set()
            raise
        rendered = {spec.key: done.result() for spec, done in zip(longest_first, renders, strict=True)}
        return self.found | rendered, sound.result()

    def render(self, spec: SegmentSpec, free: Free) -> SegmentFile:
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

    def sound(self, free: Free) -> Path:
        child = free.get()
        try:
            made = launch.sound(
                self.timeline,
                self.assets,
                self.workspace / "sound.m4a",
                on_event=self.alive,
                stall=self.stall,
                child=child,
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
