"""What a finished film looks and sounds like: where it is black, where it stands still, where nothing is heard.

Only measured here; `findings` says what of it the plan does not explain. Key frames, of which there is one every two
seconds, are looked at first; what lies between two of them only where they are alike and the plan says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rendering.engine.compositor import Picture
from rendering.engine.finished import Report, opened
from rendering.engine.planes import Planes
from rendering.engine.source import RATE, Block, decoded
from rendering.engine.timeline import Sound

BLOCKS = 96
"""Columns of blocks into which a frame is averaged; the noise of encoding is gone then."""
DARK = 32
"""A block of this luma is black, within limited range."""
DARK_SHARE = 0.98
STILL = 3
"""Levels by which no block of a still picture changes."""
WINDOW = RATE // 10
QUIET = 10 ** (-60 / 20)
"""Root mean square under which a tenth of a second is silent: -60 dBFS."""
FAINT_DB = -50.0
"""Footage below this has no sound of its own: the level of the whole film may turn it down under `QUIET`."""
LEAST_SILENCE = 0.5
"""Seconds; nobody asks why shorter ones are silent."""
Blocks = npt.NDArray[np.uint8]
Span = tuple[int, int]


def measure(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """The child's request `measure`: {path, fps, frames, moving: [[first, until]…], sound, voices, footage: [{sound,
    path}]}.

    `moving` are the frames for which a standstill would be a fault. Spans of `black` and `frozen` come back as
    [first, until] in frames, those of `silent` in seconds; `unheard` are the places of voices that hold no sound, and
    `mute` has for each footage sound where its own file is silent, in seconds of the film.
    """
    path = Path(request["path"])
    moving = [(first, until) for first, until in request["moving"]]
    black, frozen = look(path, request["fps"], request["frames"], moving)
    report({"event": "progress", "done": 1, "total": 2})
    silent = silences(decoded(path, path.name, 0.0, False)) if request["sound"] else []
    voices = [(Sound(**voice["sound"]), Path(voice["path"])) for voice in request["voices"]]
    unheard = [place for place, (sound, file) in enumerate(voices) if not heard(sound, file)]
    length = request["frames"] / request["fps"]
    footage = [(Sound(**each["sound"]), Path(each["path"])) for each in request["footage"]]
    own = [mute(sound, file, silent, length) for sound, file in footage]
    report({"event": "progress", "done": 2, "total": 2})
    return {"black": black, "frozen": frozen, "silent": silent, "unheard": unheard, "mute": own}


def draw(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """The child's request `plan_look`: {spec, frame, assets}: how the plan itself draws a frame, as blocks."""
    picture = Picture(request)
    canvas = Planes.blank(request["spec"]["width"], request["spec"]["height"])
    try:
        picture.draw(request["frame"], canvas)
    finally:
        picture.close()
    seen = blocks(canvas.y)
    return {"black": black(seen), "blocks": seen.ravel().tolist()}


def look(path: Path, fps: int, frames: int, moving: list[Span]) -> tuple[list[Span], list[Span]]:
    """Black spans, and still ones where something should move."""
    keys = list(seen(path, fps, "NONKEY"))
    if not keys:
        return [], []
    ends = [number for number, _ in keys[1:]] + [frames]
    dark = [(number, end) for (number, picture), end in zip(keys, ends, strict=True) if black(picture)]
    alike = [
        (keys[place][0], keys[place + 1][0])
        for place in range(len(keys) - 1)
        if still(keys[place][1], keys[place + 1][1])
    ]
    places = [number for number, _ in keys]
    doubtful = joined([*(around(span, places) for span in dark), *overlapping(alike, moving, [*places, frames])])
    blacks: list[Span] = []
    frozen: list[Span] = []
    for first, until in doubtful:
        pictures = list(seen(path, fps, "DEFAULT", first, until))
        blacks += runs(pictures, until)
        frozen += standstills(pictures, until)
    return joined(blacks), joined(frozen)


def around(span: Span, keys: list[int]) -> Span:
    """The span from the key frame before it on."""
    before = [number for number in keys if number < span[0]]
    return (before[-1] if before else span[0], span[1])


def overlapping(alike: list[Span], moving: list[Span], keys: list[int]) -> Iterator[Span]:
    """Spans between key frames that look alike, where the plan moves, with what lies beside them."""
    for first, until in alike:
        if any(first < end and begin < until for begin, end in moving):
            yield around((first, min((number for number in keys if number > until), default=until)), keys)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that touch as one."""
    found: list[Span] = []
    for first, until in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((first, until))
    return found


def seen(path: Path, fps: int, skip: str, first: int = 0, until: int | None = None) -> Iterator[tuple[int, Blocks]]:
    """(number, blocks) of the film's frames from `first` on, which is a key frame, but for those to skip."""
    with opened(path) as film:
        stream = film.streams.video[0]
        stream.codec_context.skip_frame = skip
        film.seek(round(Fraction(first, fps) / stream.time_base), stream=stream)
        for frame in film.decode(stream):
            number = round(frame.pts * stream.time_base * fps)
            if until is not None and number >= until:
                return
            if number >= first:
                yield number, blocks(Planes.of(frame).y)


def blocks(luma: npt.NDArray[np.uint8]) -> Blocks:
    """A frame's mean luma in blocks of at least 4 × 4 pixels."""
    height, width = luma.shape
    across = max(1, min(BLOCKS, width // 4))
    return np.asarray(
        cv2.resize(luma, (across, max(1, round(across * height / width))), interpolation=cv2.INTER_AREA), np.uint8
    )


def black(picture: Blocks) -> bool:
    return bool((picture <= DARK).mean() >= DARK_SHARE)


def still(one: Blocks, other: Blocks) -> bool:
    return bool(cv2.absdiff(one, other).max() < STILL)


def runs(pictures: list[tuple[int, Blocks]], until: int) -> list[Span]:
    """Where frame after frame is black."""
    found: list[Span] = []
    ends = [number for number, _ in pictures[1:]] + [until]
    for (number, picture), end in zip(pictures, ends, strict=True):
        if black(picture):
            found.append((number, end))
    return joined(found)


def standstills(pictures: list[tuple[int, Blocks]], until: int) -> list[Span]:
    """Where frame after frame looks like the first one of its run; runs of one frame are none."""
    found: list[Span] = []
    start = 0
    for place in range(1, len(pictures) + 1):
        if place == len(pictures) or not still(pictures[start][1], pictures[place][1]):
            if place - start > 1:
                found.append((pictures[start][0], pictures[place][0] if place < len(pictures) else until))
            start = place
    return found


def silences(sound: Iterable[Block]) -> list[tuple[float, float]]:
    """Seconds from which to which nothing is heard."""
    quiet = list(quiet_windows(sound))
    found: list[Span] = joined((place, place + 1) for place, is_quiet in enumerate(quiet) if is_quiet)
    return [(first * WINDOW / RATE, until * WINDOW / RATE) for first, until in found]


def quiet_windows(sound: Iterable[Block], level: float = QUIET) -> Iterator[bool]:
    """For each tenth of a second whether it is silent; a last shorter one is not asked."""
    left = np.zeros((2, 0), np.float32)
    for block in sound:
        left = np.concatenate([left, block], axis=1)
        whole = left.shape[1] // WINDOW
        power = np.square(left[:, : whole * WINDOW]).max(axis=0).reshape(whole, WINDOW).mean(axis=1)
        yield from (power < level**2).tolist()
        left = left[:, whole * WINDOW :]


def heard(sound: Sound, path: Path) -> bool:
    """Whether a narration's file says anything in the stretch that is used of it."""
    wanted = None if sound.duration is None else round(sound.duration * RATE / WINDOW)
    for place, quiet in enumerate(quiet_windows(decoded(path, sound.asset, sound.start, False))):
        if wanted is not None and place >= max(1, wanted):
            return False
        if not quiet:
            return True
    return False


def mute(sound: Sound, path: Path, silent: list[tuple[float, float]], length: float) -> list[tuple[float, float]]:
    """Seconds of the film in which footage is silent by itself, after its end too; looked at only if the film is."""
    end = length if sound.duration is None else min(length, sound.at + sound.duration)
    if all(min(until, end) - max(first, sound.at) < LEAST_SILENCE for first, until in silent):
        return []
    count = math.ceil((end - sound.at) * RATE / WINDOW)
    level = 10 ** ((FAINT_DB - sound.volume_db) / 20)
    heard = islice(quiet_windows(decoded(path, sound.asset, sound.start, True), level), count)
    quiet = [place for place, is_quiet in zip_longest(range(count), heard, fillvalue=True) if is_quiet]
    spans = joined((place, place + 1) for place in quiet)
    return [(sound.at + first * WINDOW / RATE, sound.at + until * WINDOW / RATE) for first, until in spans]
