"""Ask the render child: what the rest of the house calls. Nothing here opens MoviePy, OpenCV or PyAV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rendering.engine.segments import SegmentSpec, one
from rendering.engine.timeline import Timeline
from videoserver.work.sandbox import Child
from videoserver.work.warm import warm

MODULE = "rendering.engine"
STALL_SECONDS = 600.0

OnEvent = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class SegmentFile:
    path: Path
    sha256: str
    size: int
    frames: int
    warnings: tuple[tuple[int, str], ...] = ()
    """Which of the segment's scenes, and what a person should know of it."""

    def told(self, spec: SegmentSpec) -> list[str]:
        """The warnings as sentences, with the scenes' numbers in the film that `spec` is of."""
        return [f"Scene {spec.scenes[place] + 1}: {sentence}" for place, sentence in self.warnings]


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
        **foreign(moviepy_layers),
    }
    asked = child or warm(MODULE)
    result = asked.request(request, folder=output.parent, on_event=on_event, stall=stall, deadline=deadline)
    warnings = tuple((place, sentence) for place, sentence in result["warnings"])
    return SegmentFile(output, result["sha256"], result["size"], result["frames"], warnings)


def still(
    timeline: Timeline,
    frame: int,
    assets: Mapping[str, Path],
    output: Path,
    *,
    width: int | None = None,
    moviepy_layers: Sequence[str] = (),
    deadline: float | None = None,
    child: Child | None = None,
) -> None:
    """Write one frame of the film, also of a transition, as a JPEG; as wide as the film, or `width` if that is less."""
    spec, number = one(timeline, frame)
    request = {
        "do": "still",
        "spec": spec.spec,
        "frame": number,
        "width": width,
        "assets": {sha256: str(assets[sha256].absolute()) for sha256 in sorted(spec.assets)},
        "output": str(output.absolute()),
        **foreign(moviepy_layers),
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


def foreign(prefixes: Sequence[str]) -> dict[str, list[str]]:
    """What foreign layers may call, and where the child finds it: it knows nothing of our own import path."""
    found = (find_spec(prefix.partition(".")[0]) for prefix in prefixes)
    origins = {Path(spec.origin) for spec in found if spec and spec.origin}
    folders = {origin.parent.parent if origin.name == "__init__.py" else origin.parent for origin in origins}
    return {"moviepy_layers": list(prefixes), "import_paths": sorted(map(str, folders))}
