"""Ask the render child for what comes after the join: variants, poster, clips, measurements. Opens no media itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rendering.engine.launch import MODULE, STALL_SECONDS, OnEvent, SegmentFile, foreign
from rendering.engine.segments import SegmentSpec
from rendering.engine.timeline import Timeline
from videoserver.work.sandbox import Child
from videoserver.work.warm import warm


def fit(
    film: Path, timeline: Timeline, most_bytes: int, cuts: Sequence[int], preset: str, output: Path, **how: Any
) -> Path:
    """The film in at most so many bytes: itself if it fits, else `output`, encoded again in two passes."""
    request = {
        "do": "fit",
        "path": str(film.absolute()),
        "plan": plan_of(timeline),
        "most_bytes": most_bytes,
        "cuts": sorted(cuts),
        "preset": preset,
        "output": str(output.absolute()),
    }
    return Path(ask(request, output.parent, **how)["path"])


def convert(format: str, film: Path, timeline: Timeline, most_bytes: int, output: Path, **how: Any) -> dict[str, Any]:
    """The film as `webm` or `gif`, checked: its frames, duration, width, height, size and sha256."""
    request = {
        "do": format,
        "path": str(film.absolute()),
        "plan": plan_of(timeline),
        "most_bytes": most_bytes,
        "output": str(output.absolute()),
    }
    return ask(request, output.parent, **how)


def poster(film: Path, timeline: Timeline, output: Path, **how: Any) -> dict[str, Any]:
    """One of the film's frames at full size, as a JPEG."""
    request = {
        "do": "poster",
        "path": str(film.absolute()),
        "frames": timeline.frames,
        "fps": timeline.fps,
        "output": str(output.absolute()),
    }
    return ask(request, output.parent, **how)


def cut(film: Path, first: int, frames: int, fps: int, output: Path, **how: Any) -> SegmentFile:
    """These frames of the film with their sound, copied; `first` is one that a segment begins with."""
    request = {
        "do": "cut",
        "path": str(film.absolute()),
        "first": first,
        "frames": frames,
        "fps": fps,
        "output": str(output.absolute()),
    }
    made = ask(request, output.parent, **how)
    return SegmentFile(output, made["sha256"], made["size"], made["frames"])


def measure(
    film: Path,
    timeline: Timeline,
    moving: Sequence[tuple[int, int]],
    sounds: Mapping[str, Path],
    *,
    sound: bool = True,
    **how: Any,
) -> dict[str, Any]:
    """Where the film is black, frozen, silent, and what the sounds themselves explain; `sounds` are files by sha256."""

    def those(role: str) -> list[dict[str, Any]]:
        chosen = [each for each in timeline.audio if sound and each.role == role]
        return [{"sound": asdict(each), "path": str(sounds[each.asset].absolute())} for each in chosen]

    request = {
        "do": "measure",
        "path": str(film.absolute()),
        "fps": timeline.fps,
        "frames": timeline.frames,
        "moving": [list(span) for span in moving],
        "sound": sound,
        "voices": those("voice"),
        "footage": those("footage"),
    }
    return ask(request, film.parent, **how)


def plan_look(
    spec: SegmentSpec,
    frame: int,
    assets: Mapping[str, Path],
    folder: Path,
    *,
    moviepy_layers: Sequence[str] = (),
    **how: Any,
) -> dict[str, Any]:
    """How the plan draws a frame of a segment, as `measure` would see it: {black, blocks}."""
    request = {
        "do": "plan_look",
        "spec": spec.spec,
        "frame": frame,
        "assets": {sha256: str(assets[sha256].absolute()) for sha256 in sorted(spec.assets)},
        **foreign(moviepy_layers),
    }
    return ask(request, folder, **how)


def ask(
    request: dict[str, Any],
    folder: Path,
    *,
    on_event: OnEvent | None = None,
    stall: float = STALL_SECONDS,
    deadline: float | None = None,
    child: Child | None = None,
) -> dict[str, Any]:
    """One request to this process's warm child, or to another."""
    asked = child or warm(MODULE)
    return asked.request(request, folder=folder, on_event=on_event, stall=stall, deadline=deadline)


def plan_of(timeline: Timeline) -> dict[str, int]:
    return {
        "frames": timeline.frames,
        "fps": timeline.fps,
        "width": timeline.width,
        "height": timeline.height,
    }
