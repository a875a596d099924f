"""The film's sound: mixed over the whole timeline, brought to its loudness, encoded as AAC of the film's length."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from rendering.engine.loudness import Loudness, Meter, frame_of, limited, louder, measure
from rendering.engine.mix import BLOCK, mix
from rendering.engine.source import RATE, Block, decoded, silence
from rendering.engine.timeline import Timeline

BIT_RATE = 192_000
CODER = "fast"
"""At this rate as near to the mix as FFmpeg's `twoloop`, in a third of its time."""
LOUDEST_PEAK = -1.0
"""dBTP, of the encoded sound as a player decodes it."""
CEILING = -1.5
"""dBTP that the limiter allows at first: encoding adds a little."""
NEAR = 0.45
"""LU from the target that are good enough."""
MARGIN = 0.1
"""dB below a peak that came out too high."""
TRIES = 8
LEAST_SLOPE = 0.25
Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Settings:
    """What the mix goes through on its way into the encoder; a ceiling of None is no limiter."""

    gain_db: float = 0.0
    ceiling_db: float | None = None


def handle(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """The child's request `sound`: {timeline, assets: {sha256: path}, output}."""
    assets = {name: Path(path) for name, path in request["assets"].items()}
    output = Path(request["output"])
    result = make(Timeline.from_json(request["timeline"]), assets, output, report)
    return {"path": str(output), "loudness_lufs": result.lufs, "true_peak_dbtp": result.peak_dbtp} | duration(output)


def make(timeline: Timeline, assets: Mapping[str, Path], output: Path, report: Report) -> Loudness:
    """Write the sound track under a temporary name, then rename it; how loud it came out."""
    total = samples_of(timeline)
    draft = output.with_name(f".{output.name}.{os.getpid()}.part")
    scratch = output.with_name(f".{output.name}.{os.getpid()}.pcm")
    try:
        if timeline.audio:
            plain = record(mix(timeline.audio, assets, total), scratch, total, report)
            result = settle(scratch, plain, draft, total, timeline.loudness_lufs, report)
        else:
            encode(silence(total), draft, total)
            result = Loudness(None, None)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)
        scratch.unlink(missing_ok=True)
    return result


def samples_of(timeline: Timeline) -> int:
    """The film's length in samples, rounded once."""
    return round(Fraction(timeline.frames * RATE, timeline.fps))


def record(blocks: Iterable[Block], scratch: Path, total: int, report: Report) -> Loudness:
    """Keep the mix on disk, since it is read again and must not fill the memory; how loud it is by itself."""
    meter, done = Meter(), 0
    with scratch.open("wb") as file:
        for block in blocks:
            meter.put(block)
            file.write(np.ascontiguousarray(block.T).tobytes())
            done += block.shape[1]
            report({"event": "progress", "done": done, "total": total})
    return meter.read()


def replay(scratch: Path) -> Iterator[Block]:
    """The recorded mix, block by block."""
    with scratch.open("rb") as file:
        while (part := np.fromfile(file, np.float32, 2 * BLOCK)).size:
            yield part.reshape(-1, 2).T


def settle(scratch: Path, plain: Loudness, draft: Path, total: int, target: float, report: Report) -> Loudness:
    """Encode at the target's loudness; what comes out is measured as decoded, and corrected until it is right."""
    if plain.lufs is None or plain.peak_dbtp is None:
        encode(replay(scratch), draft, total)
        return Loudness(None, plain.peak_dbtp)
    gain, ceiling, slope = target - plain.lufs, CEILING, 1.0
    result, before = plain, (0.0, plain.lufs)
    for attempt in range(1, TRIES + 1):
        needed = plain.peak_dbtp + gain > ceiling
        encode(treated(replay(scratch), Settings(gain, ceiling if needed else None)), draft, total)
        result = measure(decoded(draft, draft.name, 0.0, False))
        report({"event": "progress", "done": attempt, "total": TRIES})
        loud, peak = result.lufs, result.peak_dbtp
        if loud is None or peak is None:
            break
        too_high = peak - LOUDEST_PEAK
        if too_high <= 0 and abs(target - loud) <= NEAR:
            break
        # A limiter gives back only a part of each dB that goes in: how much is learnt from try to try.
        raised, risen = gain - before[0], loud - before[1]
        if attempt > 2 and too_high <= 0 and raised > 1 and risen < MARGIN:
            break  # nothing but clicks: no gain makes them louder
        if needed and abs(raised) > MARGIN:
            slope = min(1.0, max(LEAST_SLOPE, risen / raised))
        before = (gain, loud)
        if too_high > 0:
            ceiling -= too_high + MARGIN
        # Near the target everything goes down together; a little quieter is better than too high a peak.
        gain += -(too_high + MARGIN) if too_high > 0 and abs(target - loud) <= NEAR else (target - loud) / slope
    return result


def treated(blocks: Iterable[Block], settings: Settings) -> Iterator[Block]:
    """The mix as the encoder gets it."""
    if settings.ceiling_db is None:
        return louder(blocks, settings.gain_db)
    return limited(blocks, settings.gain_db, settings.ceiling_db)


def encode(blocks: Iterable[Block], path: Path, total: int) -> None:
    """AAC-LC of exactly `total` samples: the encoder's run-in goes before 0, the last packet is as short as it is."""
    options = {"movie_timescale": str(RATE)}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        audio: Any = container.add_stream("aac", rate=RATE, layout="stereo", options={"aac_coder": CODER})
        audio.codec_context.bit_rate = BIT_RATE
        at = 0
        for block in fitted(blocks, total):
            container.mux(audio.encode(frame_of(block, at)))
            at += block.shape[1]
        container.mux(audio.encode())


def fitted(blocks: Iterable[Block], total: int) -> Iterator[Block]:
    """Exactly `total` samples: what is missing is silence, what is over is left out."""
    for block in blocks:
        part = block[:, : max(0, total)]
        total -= part.shape[1]
        if part.shape[1]:
            yield part
    yield from silence(total)


def duration(path: Path) -> dict[str, float]:
    """Seconds that the encoded track lasts, from its header."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return {"duration": float(stream.duration * stream.time_base)}
