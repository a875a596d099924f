"""A timeline cut into segments: runs of frames that are rendered, hashed, cached and joined on their own."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from typing import Any, Literal

from rendering.engine.faces import FONTS, SHAPING
from rendering.engine.timeline import Clip, Layer, MoviepyLayer, Timeline, VideoLayer

ENGINE_VERSION = 2
"""Raise it whenever the same spec gives other pixels: every cached segment is then made anew."""
LONGEST_SECONDS = 60
"""Layers and effects of others: nobody knows what it takes them to begin."""
FOOTAGE_SECONDS = 10
"""Each segment of footage begins with decoding from the key frame before."""
QUICK_SECONDS, MOST_PARTS = 2, 8
"""What is drawn from stills and words begins at once, so that one scene keeps many cores busy; no part is shorter than
the encoder's distance between key frames, so that the cuts cost no bytes."""

SegmentKind = Literal["body", "transition"]


@dataclass(frozen=True)
class Encoding:
    """The H.264 encoder's settings; the same for all segments of a film, or they could not be joined by copy."""

    preset: str = "veryfast"
    crf: int = 20
    threads: int = 1
    """A setting, never taken from the machine: x264's bytes depend on it, and with more than one thread they differ a
    little from run to run. Segments keep the cores busy: two of one thread are done before two of two threads."""


@dataclass(frozen=True)
class SegmentSpec:
    index: int
    first: int
    """Its first frame in the film."""
    frames: int
    scenes: tuple[int, ...]
    kind: SegmentKind
    spec: dict[str, Any]
    """What the child is told: plain JSON, and all that decides a pixel."""
    key: str
    """sha256 over `spec` and the versions of what draws it: equal keys mean equal pictures, in whichever film."""
    assets: frozenset[str]


@dataclass(frozen=True)
class Stretch:
    """A run of frames that will be a segment, before anybody needs to know what is drawn in it."""

    index: int
    first: int
    """Its first frame in the film."""
    frames: int
    scenes: Mapping[int, int]
    """The scenes that are seen in it, each with its own frame that comes first here."""
    kind: SegmentKind
    transition: str = ""


def split(timeline: Timeline, encoding: Encoding | None = None, *, whole: bool = False) -> list[SegmentSpec]:
    """The film's segments in order: bodies, in parts unless `whole`, and transitions; each frame is in exactly one."""
    encoding = encoding or Encoding()
    return [spec_of(timeline, stretch, encoding) for stretch in stretches(timeline, whole=whole)]


def at(segments: Sequence[SegmentSpec], frame: int) -> tuple[SegmentSpec, int]:
    """The segment that holds a frame of the film, and the frame's number in it."""
    place = bisect_right(segments, frame, key=lambda segment: segment.first) - 1
    if place < 0 or frame >= segments[place].first + segments[place].frames:
        raise IndexError(f"The film has no frame {frame}.")
    return segments[place], frame - segments[place].first


def one(timeline: Timeline, frame: int) -> tuple[SegmentSpec, int]:
    """The same without the film's other segments: 500 scenes have thousands, and each takes describing and hashing."""
    for stretch in stretches(timeline):
        if stretch.first <= frame < stretch.first + stretch.frames:
            return spec_of(timeline, stretch, Encoding()), frame - stretch.first
    raise IndexError(f"The film has no frame {frame}.")


def stretches(timeline: Timeline, *, whole: bool = False) -> Iterator[Stretch]:
    """Where the segments begin and end."""
    index = first = 0
    for scene, clip in enumerate(timeline.video):
        way_in = clip.transition.frames
        if way_in:
            before = timeline.video[scene - 1]
            seen = {scene - 1: before.frames - way_in, scene: 0}
            yield Stretch(index, first, way_in, seen, "transition", clip.transition.kind)
            index, first = index + 1, first + way_in
        way_out = timeline.video[scene + 1].transition.frames if scene + 1 < len(timeline.video) else 0
        own = way_in
        longest = clip.frames if whole else longest_part(clip, timeline.fps)
        for frames in chunks(clip.frames - way_in - way_out, longest):
            yield Stretch(index, first, frames, {scene: own}, "body")
            index, first, own = index + 1, first + frames, own + frames


def spec_of(timeline: Timeline, stretch: Stretch, encoding: Encoding) -> SegmentSpec:
    """What is drawn in a stretch, and under which hash it is kept."""
    views = [view(timeline.video[scene], own, stretch.frames) for scene, own in stretch.scenes.items()]
    spec = {
        "width": timeline.width,
        "height": timeline.height,
        "fps": timeline.fps,
        "frames": stretch.frames,
        "transition": stretch.transition,
        "clips": views,
        "encoding": asdict(encoding),
    }
    assets = frozenset(layer["asset"] for clip in views for layer in clip["layers"] if layer.get("asset"))
    scenes = tuple(stretch.scenes)
    return SegmentSpec(stretch.index, stretch.first, stretch.frames, scenes, stretch.kind, spec, key(spec), assets)


def view(clip: Clip, first: int, frames: int) -> dict[str, Any]:
    """A clip as seen in one segment: from its frame `first`, without the layers that don't show there."""
    shown = [layer for layer in clip.layers if layer.first < first + frames and not ended(layer, first)]
    return {
        "frames": clip.frames,
        "first": first,
        "background": clip.background,
        "layers": [dict(vars(layer)) for layer in shown],  # they hold plain values: asdict would copy each, for seconds
    }


def ended(layer: Layer, frame: int) -> bool:
    return layer.until is not None and layer.until <= frame


def longest_part(clip: Clip, fps: int) -> int:
    """How many frames of a scene's body may be one segment."""
    if any(isinstance(layer, MoviepyLayer) or layer.effects for layer in clip.layers):
        return LONGEST_SECONDS * fps
    footage = any(isinstance(layer, VideoLayer) for layer in clip.layers)
    least = (FOOTAGE_SECONDS if footage else QUICK_SECONDS) * fps
    return min(max(least, -(-clip.frames // MOST_PARTS)), LONGEST_SECONDS * fps)


def chunks(frames: int, longest: int) -> list[int]:
    """`frames` in as few nearly equal parts as the longest allows."""
    parts = -(-frames // longest)
    return [frames * (part + 1) // parts - frames * part // parts for part in range(parts)]


def key(spec: dict[str, Any]) -> str:
    """The content hash of a segment."""
    layers = [layer for clip in spec["clips"] for layer in clip["layers"]]
    drawn_by: dict[str, Any] = {"engine": ENGINE_VERSION, "libraries": libraries()}
    if any(layer["kind"] == "text" for layer in layers):
        drawn_by["fonts"] = fonts()
        if not SHAPING:
            drawn_by["shaping"] = False
    if any(layer["kind"] == "moviepy" or layer["effects"] for layer in layers):
        drawn_by["moviepy"] = moviepy()
    canonical = json.dumps({"spec": spec, "by": drawn_by}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


@cache
def libraries() -> dict[str, str]:
    """What decodes, draws and encodes: another encoder could write headers that don't join with the old ones."""
    return {name: version(name) for name in ("av", "opencv-python-headless", "pillow")}


@cache
def moviepy() -> str:
    """The version that foreign layers and effects are drawn with."""
    return version("moviepy")


@cache
def fonts() -> dict[str, str]:
    """sha256 of each font file."""
    files = sorted(path for path in FONTS.iterdir() if path.suffix in {".otf", ".ttf"})
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
