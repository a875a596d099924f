"""One rendering in this process: segments and sound on as many children as there are cores, then join,
check, and a close look."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rendering.engine import launch
from rendering.engine.findings import Finding
from rendering.engine.launch import SegmentFile, SoundFile
from rendering.engine.segments import SegmentSpec
from rendering.engine.timeline import Timeline
from rendering.exceptions import QualityCheckFailed
from rendering.workflow import sound_cache
from rendering.workflow.crew import Free, crew, lent
from rendering.workflow.look import look, sentences
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
    lengths: dict[str, float]
    """Seconds of each footage, by sha256."""
    workspace: Path
    cache: SegmentCache | None
    moviepy_layers: tuple[str, ...]
    stall: float
    accept_quality: bool
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
        """Make the film and look at it; what the check found in it. Raises QualityCheckFailed."""
        missing = {spec.key: spec for spec in self.specs if spec.key not in self.found}
        self.tell("rendering")
        with crew(min(children, len(missing) + 2)) as (pool, free):
            made, sound = self.segments_and_sound(missing, pool, free)
            self.tell("combining", 0.97)
            self.warnings = [told for spec in self.specs for told in made[spec.key].told(spec)]
            files = [(spec, made[spec.key].path) for spec in self.specs]
            with lent(free) as child:
                launch.join(self.timeline, files, sound.path, output, child=child, **self.how)
            self.tell("checking", 0.98)
            check, look = pool.submit(self.check, output, free), pool.submit(self.look, output, sound, free)
            self.finish([check, look])
            self.judge(sentences(look.result()))
            return check.result()

    def segments_and_sound(
        self, missing: dict[str, SegmentSpec], pool: ThreadPoolExecutor, free: Free
    ) -> tuple[dict[str, SegmentFile], SoundFile]:
        """All segments, by key: a scene that is there twice is rendered once. The short sound fills the last gap."""
        longest_first = sorted(missing.values(), key=lambda spec: -spec.frames)
        renders = [pool.submit(self.render, spec, free) for spec in longest_first]
        sound = pool.submit(self.sound, free)
        self.finish([*renders, sound])
        rendered = {spec.key: done.result() for spec, done in zip(longest_first, renders, strict=True)}
        return self.found | rendered, sound.result()

    def finish(self, runs: list[Future[Any]]) -> None:
        """Wait for all of them; when one fails, the others are stopped."""
        try:
            for run in as_completed(runs):
                run.result()
        except BaseException:
            self.stop.set()
            raise

    def render(self, spec: SegmentSpec, free: Free) -> SegmentFile:
        with lent(free) as child:
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

    def sound(self, free: Free) -> SoundFile:
        with lent(free) as child:
            output = self.workspace / "sound.m4a"
            return sound_cache.sound(self.timeline, self.assets, output, self.cache, child=child, **self.how)

    def check(self, film: Path, free: Free) -> dict[str, Any]:
        with lent(free) as child:
            return launch.check(film, self.timeline, child=child, **self.how)

    def look(self, film: Path, sound: SoundFile, free: Free) -> list[Finding]:
        with lent(free) as child:
            return look(
                self.timeline,
                self.specs,
                film,
                sound,
                self.assets,
                self.lengths,
                lambda wanted: self.assets,
                moviepy_layers=self.moviepy_layers,
                child=child,
                **self.how,
            )

    def judge(self, said: list[str]) -> None:
        """What the look found is a warning if it is accepted, else the end."""
        if said and not self.accept_quality:
            raise QualityCheckFailed(" ".join(said))
        self.warnings += [sentence.rstrip(".") for sentence in said]

    @property
    def how(self) -> dict[str, Any]:
        """How each request is made."""
        return {"on_event": self.alive, "stall": self.stall}

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
