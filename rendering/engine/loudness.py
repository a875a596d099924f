"""Loudness after BS.1770 and true peaks, measured and changed by FFmpeg's own filters on blocks that pass through."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np

from rendering.engine.source import RATE, Block

TENTH = RATE // 10
SHORTEST = 4 * TENTH
"""BS.1770 hears stretches of 400 ms; anything shorter is measured with silence after it."""
SILENCE = -70.0
"""LUFS: what lies under it is silence to BS.1770."""
OVERSAMPLED = 4 * RATE


@dataclass(frozen=True)
class Loudness:
    """None where there is no sound."""

    lufs: float | None
    peak_dbtp: float | None


class Meter:
    """Put blocks in as they come; read the loudness of all of them at the end."""

    def __init__(self) -> None:
        self.chain = Chain([("ebur128", "metadata=1:peak=true")])
        self.samples = 0
        self.facts: dict[str, str] = {}

    def put(self, block: Block) -> None:
        """Listen to a block."""
        self.samples += block.shape[1]
        for frame in self.chain.put(block):
            self.facts = frame.metadata

    def read(self) -> Loudness:
        """Loudness of everything put in; the meter is at its end then."""
        missing = max(SHORTEST - self.samples, -self.samples % TENTH)
        self.put(np.zeros((2, missing), np.float32))
        for frame in self.chain.end():
            self.facts = frame.metadata
        lufs = float(self.facts.get("lavfi.r128.I", "nan"))
        peak = float(self.facts.get("lavfi.r128.true_peak", "0"))
        heard = math.isfinite(lufs) and lufs > SILENCE
        return Loudness(lufs if heard else None, 20 * math.log10(peak) if peak > 0 else None)


def measure(blocks: Iterable[Block]) -> Loudness:
    """Loudness of a whole track."""
    meter = Meter()
    for block in blocks:
        meter.put(block)
    return meter.read()


def limited(blocks: Iterable[Block], gain_db: float, ceiling_db: float) -> Iterator[Block]:
    """The blocks, louder by `gain_db`, no peak above the ceiling; oversampling catches those between samples."""
    limit = 10 ** (ceiling_db / 20)
    chain = Chain(
        [
            ("volume", f"volume={gain_db:.4f}dB:precision=float"),
            ("aresample", f"{OVERSAMPLED}"),
            ("alimiter", f"limit={limit:.6f}:attack=5:release=60:level=false:latency=true"),
            ("aresample", f"{RATE}"),
            ("aformat", f"sample_fmts=fltp:sample_rates={RATE}:channel_layouts=stereo"),
        ]
    )
    for block in blocks:
        for frame in chain.put(block):
            yield frame.to_ndarray()
    for frame in chain.end():
        yield frame.to_ndarray()


def louder(blocks: Iterable[Block], gain_db: float) -> Iterator[Block]:
    """The blocks, louder by `gain_db`."""
    gain = np.float32(10 ** (gain_db / 20))
    return (block * gain for block in blocks)


class Chain:
    """FFmpeg filters one after the other. Their texts hold numbers of ours only, never a word from outside."""

    def __init__(self, filters: list[tuple[str, str]]):
        self.graph = av.filter.Graph()
        self.at = 0
        node = self.graph.add_abuffer(format="fltp", sample_rate=RATE, layout="stereo", time_base=Fraction(1, RATE))
        for name, options in [*filters, ("abuffersink", "")]:
            following = self.graph.add(name, options or None)
            node.link_to(following)
            node = following
        self.graph.configure()

    def put(self, block: Block) -> Iterator[Any]:
        """The frames that come out when a block goes in."""
        if block.shape[1]:
            self.graph.push(frame_of(block, self.at))
            self.at += block.shape[1]
        return self._ready()

    def end(self) -> Iterator[Any]:
        """The frames that the filters still held."""
        self.graph.push(None)
        return self._ready()

    def _ready(self) -> Iterator[Any]:
        while True:
            try:
                yield self.graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return


def frame_of(block: Block, at: int) -> Any:
    """A block as FFmpeg's audio frame that begins at sample `at`."""
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block, np.float32), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
    return frame
