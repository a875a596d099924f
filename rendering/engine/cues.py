"""When a caption is read: in pieces, in step with the scene and with its narration. One rule for burned and beside."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rendering.engine.timeline import Sound, Timeline

LINE = 42
"""Characters of a line; a cue has two lines, and a longer caption is shown in several cues."""
LINES = 2
READING = 17.0
"""Characters a second that people read: no cue ends earlier with its narration."""
SHORTEST = 1.0
BRIEF = 0.6
AFTER_VOICE = 0.3
"""Seconds for which a caption stays when its narration has ended."""


@dataclass(frozen=True)
class Cue:
    """What is written from when to when, in seconds of the film."""

    start: float
    end: float
    text: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def cues(timeline: Timeline, captions: Sequence[str]) -> list[Cue]:
    """The cues of a film whose scenes have these captions, each in as many pieces as it needs."""
    return [piece for _, cue in by_scene(timeline, captions) for piece in parts(cue)]


def by_scene(timeline: Timeline, captions: Sequence[str]) -> list[tuple[int, Cue]]:
    """Each captioned scene, and its whole caption with its times.

    A caption lasts from its scene's first full frame to its last one. A narration changes that: one that goes on over
    the next scene holds its caption until that scene's own begins; one that ends early takes its caption with it, but
    not before it could be read.
    """
    found: list[tuple[int, Cue]] = []
    spans = [span(timeline, scene) for scene in range(len(timeline.video))]
    voices = voices_by_frame(timeline)
    captioned = [scene for scene, text in enumerate(captions) if text.strip()]
    for place, scene in enumerate(captioned):
        start, end = spans[scene]
        following = captioned[place + 1] if place + 1 < len(captioned) else None
        limit = timeline.duration if following is None else spans[following][0]
        if voice := voices.get(round(start * timeline.fps)):
            end = min(limit, spoken(voice, start, end, captions[scene]))
        found.append((scene, Cue(start, min(end, limit), captions[scene])))
    return found


def voices_by_frame(timeline: Timeline) -> dict[int, Sound]:
    """The first voice that begins at each frame."""
    found: dict[int, Sound] = {}
    for sound in timeline.audio:
        if sound.role == "voice":
            found.setdefault(round(sound.at * timeline.fps), sound)
    return found


def span(timeline: Timeline, scene: int) -> tuple[float, float]:
    """Seconds of a scene's first and last full frame; where less than `BRIEF` is left, of all its frames."""
    clip, first = timeline.video[scene], timeline.starts[scene]
    following = timeline.video[scene + 1] if scene + 1 < len(timeline.video) else None
    until = first + clip.frames - (following.transition.frames if following else 0)
    start = first + clip.transition.frames
    if until - start < BRIEF * timeline.fps:
        start, until = first, first + clip.frames
    return start / timeline.fps, until / timeline.fps


def spoken(voice: Sound, start: float, end: float, text: str) -> float:
    """When the caption of a narration ends."""
    if voice.duration is None:
        return end
    over = voice.at + voice.duration + AFTER_VOICE
    readable = start + max(SHORTEST, len(text) / READING)
    return max(over, min(readable, end))


def parts(cue: Cue) -> list[Cue]:
    """A caption in pieces of two lines, each as long as its share of the letters."""
    start, end = cue.start, cue.end
    lines = [line for part in cue.text.splitlines() for line in textwrap.wrap(part, LINE)]
    pieces = ["\n".join(lines[place : place + LINES]) for place in range(0, len(lines), LINES)]
    total = sum(map(len, pieces))
    found, at = [], 0
    for piece in pieces:
        began = start + (end - start) * at / total
        at += len(piece)
        found.append(Cue(round(began, 3), round(start + (end - start) * at / total, 3), piece))
    return found
