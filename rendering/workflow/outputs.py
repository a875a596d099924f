"""What an order asks for: a film for each aspect ratio, each in its formats, with their names and their limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from rendering.engine.errors import SizeLimitTooSmall
from rendering.engine.segments import Encoding, SegmentSpec, split
from rendering.engine.timeline import Timeline, whole_frames
from rendering.video_templates.base import AssetFacts
from rendering.workflow import plan
from rendering.workflow.document import Document
from rendering.workflow.frame_size import frame_rate, ratio_name, size

FORMATS = ("mp4", "webm", "gif")
FILM, PREVIEW, POSTER = "final.mp4", "preview.gif", "poster.jpg"
MEGABYTE = 1_000_000
LEAST_BITS_A_PIXEL = 0.002
LEAST_RATE = 8_000
LEAST_SOUND_RATE = 48_000
SILENT_RATE = 4_000
FRAME_ROW = 12
HEAD = 4096
"""Bytes that an MP4 needs beside its pictures and its sound: for each frame, and in all."""


@dataclass(frozen=True)
class PlannedFilm:
    """The film in one aspect ratio. Its segments are numbered on from those of the film before it."""

    number: int
    timeline: Timeline
    specs: tuple[SegmentSpec, ...]

    @property
    def ratio(self) -> str:
        return ratio_name(self.timeline.width, self.timeline.height)

    def name(self, format: str) -> str:
        """Under which name a file of it is found: the first ratio's are the film and its preview."""
        if self.number == 0 and format in ("mp4", "gif"):
            return FILM if format == "mp4" else PREVIEW
        return f"{self.ratio.replace(':', 'x')}.{format}"


def films(
    document: Document, facts: Mapping[str, AssetFacts], options: Mapping[str, Any], encoding: Encoding
) -> list[PlannedFilm]:
    """A film for each aspect ratio, the first one first. Raises DocumentInvalid."""
    found: list[PlannedFilm] = []
    segments = 0
    for number, ratio in enumerate(ratios(options)):
        timeline = plan.timeline(document, facts, aspect_ratio=ratio, **sizes(options))
        specs = tuple(replace(spec, index=segments + spec.index) for spec in split(timeline, encoding))
        segments += len(specs)
        found.append(PlannedFilm(number, timeline, specs))
    return found


def ratios(options: Mapping[str, Any]) -> list[str | None]:
    """The aspect ratios that were asked for; None is the document's own size."""
    return options.get("aspect_ratios") or [None]


def formats(options: Mapping[str, Any]) -> list[str]:
    """Every film is an MP4; what else it is made into."""
    return [format for format in FORMATS if format == "mp4" or format in options.get("formats", ())]


def conversions(options: Mapping[str, Any]) -> list[str]:
    """What is done to each film after its join."""
    return [*(["fit"] if most_bytes(options) else []), *formats(options)[1:]]


def sizes(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: options.get(name) for name in ("quality", "width", "height")}


def most_bytes(options: Mapping[str, Any]) -> int:
    """How large a file may be; 0 for any size."""
    return int(float(options.get("size_limit_mb") or 0) * MEGABYTE)


def require_room(document: Document, options: Mapping[str, Any]) -> None:
    """Raise SizeLimitTooSmall when the limit cannot hold the film, however bad its pictures were."""
    most = most_bytes(options)
    if not most:
        return
    fps = frame_rate(document["fps"], options.get("quality") or document["quality"])
    scenes = document["scenes"]
    frames = [whole_frames(scene["duration"], fps) for scene in scenes]
    total = sum(frames) - sum(way.frames for way in plan.overlaps(scenes, frames, fps))
    heard = document["soundtrack"] or any(scene["narration"] for scene in scenes)
    for ratio in ratios(options):
        width, height = size(document, aspect_ratio=ratio, **sizes(options))
        pictures = max(LEAST_RATE, LEAST_BITS_A_PIXEL * width * height * fps)
        rate = pictures + (LEAST_SOUND_RATE if heard else SILENT_RATE)
        least = HEAD + total * FRAME_ROW + rate * total / fps / 8
        if most < least:
            raise SizeLimitTooSmall(
                f"{most / MEGABYTE:g} MB are too few for {total / fps:.1f} s of {width}×{height}: "
                f"at least {ceil(100 * least / MEGABYTE) / 100:g} MB are needed.",
                pointer="/size_limit_mb",
            )
