"""What was measured on a film against its plan: what no layer and no sound explains, said in scenes and seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rendering.engine.timeline import Clip, ImageLayer, Layer, Sound, Timeline, VideoLayer

BLACK_SECONDS = 2.0
FROZEN_SECONDS = 4.0
SILENT_SECONDS = {"voice": 2.0, "footage": 2.0, "music": 4.0}
"""Shorter ones are pauses. What is so for all of its time need not be as long."""
ALL_OF_IT = 0.9
SHORTEST = {"black": 1.0, "frozen": 2.0, "silent": 0.5}
LOUDNESS_TOLERANCE = 0.5
HIGHEST_PEAK = -0.95
UNHEARD_DB = -60.0
Kind = Literal["black", "frozen", "silent", "loudness", "narration"]
Span = tuple[float, float]


@dataclass(frozen=True)
class Finding:
    """Something that the plan does not explain. Scenes count from 1, times are seconds of the film."""

    kind: Kind
    detail: str
    scene: int | None = None
    start: float | None = None
    end: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Doubt:
    """A span of frames that only a look at what the plan draws there can explain."""

    kind: Literal["black", "frozen"]
    scene: int
    first: int
    until: int


def moving(timeline: Timeline, lengths: Mapping[str, float]) -> list[tuple[int, int]]:
    """The frames for which the plan moves something: footage that plays, and pictures that the camera crosses.

    `lengths` are the seconds of each footage asset: after its end its last frame is held.
    """
    return [span for _, _, span in motions(timeline, lengths)]


def motions(timeline: Timeline, lengths: Mapping[str, float]) -> Iterator[tuple[int, Layer, tuple[int, int]]]:
    """(scene from 0, layer, frames of the film) of everything that moves."""
    for scene, (clip, start) in enumerate(zip(timeline.video, timeline.starts, strict=True)):
        for layer in clip.layers:
            first, until = shown(layer, clip)
            if isinstance(layer, VideoLayer):
                ends = [end for end in (layer.end, lengths.get(layer.asset)) if end]
                if ends:
                    until = min(until, first + int((min(ends) - layer.start) * timeline.fps))
            elif not (isinstance(layer, ImageLayer) and layer.motion != "none"):
                continue
            if until > first:
                yield scene, layer, (start + first, start + until)


def shown(layer: Layer, clip: Clip) -> tuple[int, int]:
    """The frames of its clip in which a layer is drawn."""
    return layer.first, clip.frames if layer.until is None else min(layer.until, clip.frames)


def of_pictures(
    timeline: Timeline, measured: Mapping[str, Any], lengths: Mapping[str, float]
) -> tuple[list[Finding], list[Doubt]]:
    """Black and frozen spans that the plan does not explain, and those that a drawing of the plan may explain.

    Footage is to be seen and to move. Whether anything else is to be black, or to look the same although the camera
    moves, only its own pictures say.
    """
    found: list[Finding] = []
    doubts: list[Doubt] = []
    footage = [(scene, span) for scene, layer, span in motions(timeline, lengths) if isinstance(layer, VideoLayer)]
    for scene, span in scenes(timeline):
        for black in overlaps(measured["black"], span, BLACK_SECONDS * timeline.fps, SHORTEST["black"] * timeline.fps):
            if any(there == scene and part(black, played) for there, played in footage):
                found.append(finding("black", "is black", scene, black, timeline.fps))
            else:
                doubts.append(Doubt("black", scene, int(black[0]), int(black[1])))
    for scene, layer, span in motions(timeline, lengths):
        limit, least = FROZEN_SECONDS * timeline.fps, SHORTEST["frozen"] * timeline.fps
        for frozen in overlaps(measured["frozen"], span, limit, least):
            if any(part(frozen, black) for black in measured["black"]):
                continue
            if isinstance(layer, VideoLayer):
                found.append(finding("frozen", "stands still", scene, frozen, timeline.fps))
            else:
                doubts.append(Doubt("frozen", scene, int(frozen[0]), int(frozen[1])))
    return found, doubts


def confirmed(doubt: Doubt, timeline: Timeline) -> Finding:
    """The finding, when the plan's own drawing is not as the film is."""
    words = "is black" if doubt.kind == "black" else "stands still"
    return finding(doubt.kind, words, doubt.scene, (doubt.first, doubt.until), timeline.fps)


def of_sound(timeline: Timeline, measured: Mapping[str, Any], lufs: float | None, peak: float | None) -> list[Finding]:
    """Silence where a sound is planned, narrations that say nothing, a loudness beside its target.

    Footage that is silent by itself explains that it is not heard.
    """
    found: list[Finding] = []
    voices = [sound for sound in timeline.audio if sound.role == "voice"]
    unheard = [voices[place] for place in measured["unheard"]]
    for sound in unheard:
        scene = scene_at(timeline, sound.at)
        end = sound.at + (sound.duration or 0.0)
        detail = f"The narration of scene {scene + 1} is not heard from {sound.at:.1f} s to {end:.1f} s."
        found.append(Finding("narration", detail, scene + 1, round(sound.at, 2), round(end, 2)))
    silent: list[Span] = []
    mute = iter(measured["mute"])
    for sound in timeline.audio:
        explained = next(mute) if sound.role == "footage" else []
        if sound.volume_db > UNHEARD_DB and not any(sound is other for other in unheard):
            lost = without(measured["silent"], explained)
            silent += overlaps(lost, audible(sound, timeline), SILENT_SECONDS[sound.role], SHORTEST["silent"])
    for span in joined(silent):
        for scene, (first, until) in scenes(timeline):
            if both := part(span, (first / timeline.fps, until / timeline.fps)):
                found.append(finding("silent", "is silent", scene, both, 1))
    if lufs is not None and abs(lufs - timeline.loudness_lufs) > LOUDNESS_TOLERANCE:
        detail = f"The film's loudness is {lufs:.1f} LUFS, planned were {timeline.loudness_lufs:.1f} LUFS."
        found.append(Finding("loudness", detail))
    if peak is not None and peak > HIGHEST_PEAK:
        found.append(Finding("loudness", f"The film's true peak is {peak:.1f} dBTP, at most -1 dBTP is planned."))
    return found


def audible(sound: Sound, timeline: Timeline) -> Span:
    """The seconds in which a sound is to be heard, its fades left out."""
    end = timeline.duration if sound.duration is None else min(timeline.duration, sound.at + sound.duration)
    return sound.at + sound.fade_in, end - sound.fade_out


def scenes(timeline: Timeline) -> Iterator[tuple[int, tuple[int, int]]]:
    """Each scene and its frames; a transition's first half is the scene's before it."""
    firsts = [start + clip.transition.frames // 2 for clip, start in zip(timeline.video, timeline.starts, strict=True)]
    yield from enumerate(zip(firsts, [*firsts[1:], timeline.frames], strict=True))


def scene_at(timeline: Timeline, seconds: float) -> int:
    """The scene, from 0, that is seen at this time."""
    frame = seconds * timeline.fps
    return max((scene for scene, (first, _) in scenes(timeline) if first <= frame), default=0)


def overlaps(spans: Sequence[Sequence[float]], planned: Span, limit: float, least: float) -> Iterator[Span]:
    """The parts of spans within the planned stretch that are long, or are nearly all of it."""
    enough = min(limit, max(ALL_OF_IT * (planned[1] - planned[0]), least))
    for span in spans:
        both = part(span, planned)
        if both and both[1] - both[0] >= enough:
            yield both


def part(one: Sequence[float], other: Sequence[float]) -> Span | None:
    """What two spans have in common."""
    first, until = max(one[0], other[0]), min(one[1], other[1])
    return (first, until) if until > first else None


def without(spans: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> list[Span]:
    """What is left of spans when others, which are in order, are taken out of them."""
    left: list[Span] = []
    for first, until in spans:
        for begin, end in others:
            if first < begin < until:
                left.append((first, begin))
            if begin < until:
                first = max(first, end)
        if first < until:
            left.append((first, until))
    return left


def joined(spans: Sequence[Span]) -> list[Span]:
    """Spans in order, those that touch as one."""
    found: list[Span] = []
    for first, until in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((first, until))
    return found


def finding(kind: Kind, words: str, scene: int, span: Span, fps: int) -> Finding:
    start, end = span[0] / fps, span[1] / fps
    detail = f"Scene {scene + 1} {words} from {start:.1f} s to {end:.1f} s."
    return Finding(kind, detail, scene + 1, round(start, 2), round(end, 2))
