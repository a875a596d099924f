"""Ask the render child: what the rest of the house calls. Nothing here opens MoviePy, OpenCV or PyAV."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rendering.engine.segments import SegmentSpec, at, split
from rendering.engine.timeline import Timeline
from videoserver.work.sandbox import Child, warm

MODULE = "rendering.engine"
STALL_SECONDS = 600.0

OnEvent = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class SegmentFile:
    path: Path
    sha256: str
    size: int
    frames: int


@dataclass(frozen=True)
class SoundFile:
    """The film's sound track; no loudness and no peak where there is silence."""

    path: Path
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    duration: float


def segment(
    spec: SegmentSpec,
    assets: Mapping[str, Path],
    output: Path,
    *,
    on_event: OnEvent | None = None,
    moviepy_layers: Sequence[str] = (),
    stall: float = STALL_SECONDS,
    deadline: float | None = None,
    child: Child | None = None,
) -> SegmentFile:
    """Render one segment to `output` (.mp4). `moviepy_layers` are the import prefixes that foreign layers may call."""
    request = {
        "do": "segment",
        "spec": spec.spec,
        "assets": {sha256: str(assets[sha256].absolute()) for sha256 in sorted(spec.assets)},
        "output": str(output.absolute()),
        "moviepy_layers": list(moviepy_layers),
    }
    asked = child or warm(MODULE)
    result = asked.request(request, folder=output.parent, on_event=on_event, stall=stall, deadline=deadline)
    return SegmentFile(output, result["sha256"], result["size"], result["frames"])


def segments(
    specs: Iterable[SegmentSpec],
    assets: Mapping[str, Path],
    folder: Path,
    *,
    children: int,
    on_event: Callable[[SegmentSpec, dict[str, Any]], None] | None = None,
    moviepy_layers: Sequence[str] = (),
    stall: float = STALL_SECONDS,
) -> dict[int, SegmentFile]:
    """Render several segments to `folder`/<key>.mp4 in parallel, the longest first; the first failure ends it."""
    longest_first = sorted(specs, key=lambda spec: -spec.frames)
    waiting = iter(longest_first)
    lock = threading.Lock()
    stop = threading.Event()

    def told(spec: SegmentSpec) -> OnEvent:
        def tell(event: dict[str, Any]) -> None:
            if stop.is_set():
                raise InterruptedError("Another segment failed.")
            if on_event:
                with lock:
                    on_event(spec, event)

        return tell

    def work() -> dict[int, SegmentFile]:
        done: dict[int, SegmentFile] = {}
        child = Child(MODULE)
        try:
            while not stop.is_set():
                with lock:
                    spec = next(waiting, None)
                if spec is None:
                    break
                done[spec.index] = segment(
                    spec,
                    assets,
                    folder / f"{spec.key}.mp4",
                    on_event=told(spec),
                    moviepy_layers=moviepy_layers,
                    stall=stall,
                    child=child,
                )
        except BaseException:
            stop.set()
            raise
        finally:
            child.close()
        return done

    many = min(children, len(longest_first))
    files: dict[int, SegmentFile] = {}
    if not many:
        return files
    with ThreadPoolExecutor(many, "render") as pool:
        runs = [pool.submit(work) for _ in range(many)]
        errors = [error for run in runs if (error := run.exception())]
    for error in sorted(errors, key=lambda error: isinstance(error, InterruptedError)):
        raise error
    for run in runs:
        files.update(run.result())
    return files


def still(
    timeline: Timeline,
    frame: int,
    assets: Mapping[str, Path],
    output: Path,
    *,
    moviepy_layers: Sequence[str] = (),
    deadline: float | None = None,
    child: Child | None = None,
) -> None:
    """Write one frame of the film, also of a transition, as a JPEG."""
    spec, number = at(split(timeline), frame)
    request = {
        "do": "still",
        "spec": spec.spec,
        "frame": number,
        "assets": {sha256: str(assets[sha256].absolute()) for sha256 in sorted(spec.assets)},
        "output": str(output.absolute()),
        "moviepy_layers": list(moviepy_layers),
    }
    (child or warm(MODULE)).request(request, folder=output.parent, deadline=deadline)


def sound(
    timeline: Timeline,
    assets: Mapping[str, Path],
    output: Path,
    *,
    on_event: OnEvent | None = None,
    stall: float = STALL_SECONDS,
    deadline: float | None = None,
    child: Child | None = None,
) -> SoundFile:
    """Mix the whole film's sound to `output` (.m4a), exactly as long as the film; silence if it has none."""
    wanted = {sound.asset for sound in timeline.audio}
    request = {
        "do": "sound",
        "timeline": timeline.to_json(),
        "assets": {sha256: str(path.absolute()) for sha256, path in assets.items() if sha256 in wanted},
        "output": str(output.absolute()),
    }
    asked = child or warm(MODULE)
    result = asked.request(request, folder=output.parent, on_event=on_event, stall=stall, deadline=deadline)
    return SoundFile(output, result["loudness_lufs"], result["true_peak_dbtp"], result["duration"])


def join(
    timeline: Timeline,
    segments: Sequence[tuple[SegmentSpec, Path]],
    sound: Path | None,
    output: Path,
    *,
    on_event: OnEvent | None = None,
    stall: float = STALL_SECONDS,
    deadline: float | None = None,
    child: Child | None = None,
) -> dict[str, Any]:
    """Make one film of the segments, in their order, and the sound, without encoding anything again."""
    request = {
        "do": "join",
        "segments": [{"path": str(path.absolute()), "frames": spec.frames} for spec, path in segments],
        "sound": str(sound.absolute()) if sound else None,
        "fps": timeline.fps,
        "output": str(output.absolute()),
    }
    asked = child or warm(MODULE)
    return asked.request(request, folder=output.parent, on_event=on_event, stall=stall, deadline=deadline)


def check(
    path: Path,
    timeline: Timeline,
    *,
    audio: bool = True,
    on_event: OnEvent | None = None,
    stall: float = STALL_SECONDS,
    deadline: float | None = None,
    child: Child | None = None,
) -> dict[str, Any]:
    """Facts about a film that is as planned: frames, duration, width, height, fps, codecs, size, sha256."""
    plan = {
        "frames": timeline.frames,
        "fps": timeline.fps,
        "width": timeline.width,
        "height": timeline.height,
        "duration": timeline.duration,
        "audio": audio,
    }
    request = {"do": "check", "path": str(path.absolute()), "plan": plan}
    asked = child or warm(MODULE)
    return asked.request(request, folder=path.parent, on_event=on_event, stall=stall, deadline=deadline)
