"""A sound file as an endless supply of 48 kHz stereo blocks: decoded, resampled, trimmed, looped as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from rendering.engine import media
from rendering.engine.errors import MediaProcessingFailed

RATE = 48_000
GAP = RATE // 20
"""Samples by which a file's stamps may wander before they are believed: 50 ms."""
SHORT = 0.5
"""Seconds of sound that may be missing at the end of what the header promises."""
RATES = range(4_000, 768_001)
SEEK_FROM = 10.0
"""Seconds; nearer starts are reached by decoding, which is exact in every format."""
UNSEEKABLE = {"mp3", "aac"}
"""Formats without an index: a jump lands where the average bit rate guesses."""
Block = NDArray[np.float32]
"""Two rows, left and right; full scale is 1."""


class Source:
    """One sound file, read from `start` seconds on; it gives silence after its end, or begins again."""

    def __init__(self, path: Path, name: str, *, start: float = 0.0, loop: bool = False, silent_video: bool = False):
        self.path, self.name, self.start, self.loop, self.silent_video = path, name, start, loop, silent_video
        self.left = np.zeros((2, 0), np.float32)
        self.blocks = self._round()
        self.over = False

    def read(self, samples: int) -> Block:
        """The next `samples` samples."""
        parts, have = [self.left], self.left.shape[1]
        while have < samples and not self.over:
            block = next(self.blocks, None)
            if block is None:
                self.over = True
                break
            parts.append(block)
            have += block.shape[1]
        joined = np.concatenate(parts, axis=1)
        if joined.shape[1] < samples:
            joined = np.pad(joined, ((0, 0), (0, samples - joined.shape[1])))
        self.left = joined[:, samples:]
        return joined[:, :samples]

    def _round(self) -> Iterator[Block]:
        """All blocks of one pass through the file, or of passes without end; the loop goes back to the same start."""
        while True:
            got = 0
            for block in decoded(self.path, self.name, self.start, self.silent_video):
                got += block.shape[1]
                yield block
            if not self.loop or not got:
                return


def length(path: Path, name: str) -> float | None:
    """Seconds of sound that the file's header promises, if it does."""
    with opened(path, name) as container:
        audio = container.streams.audio
        if audio and audio[0].duration:
            return float(audio[0].duration * audio[0].time_base)
        return container.duration / av.time_base if container.duration else None


def opened(path: Path, name: str) -> Any:
    """The file, opened for reading as one of the formats that we take."""
    if not path.is_file():
        raise MediaProcessingFailed(f"FFmpeg processing failed: the sound {name} is missing.")
    return media.opened(path, f"FFmpeg processing failed: the sound {name}")


def decoded(path: Path, name: str, start: float, silent_video: bool) -> Iterator[Block]:
    """Blocks from `start` on, in the file's own time: a hole becomes silence, so that footage keeps its lips."""
    with opened(path, name) as container:
        if not container.streams.audio:
            if silent_video and container.streams.video:
                return
            raise MediaProcessingFailed(f"FFmpeg processing failed: the file {name} has no sound.")
        stream = container.streams.audio[0]
        pictures = container.streams.video
        clock = pictures[0] if silent_video and pictures and pictures[0].start_time is not None else stream
        zero = float((clock.start_time or 0) * clock.time_base)
        formats = set(container.format.name.split(","))
        if start > SEEK_FROM and not UNSEEKABLE & formats:
            container.seek(int((start + zero - 1.0) / stream.time_base), stream=stream, backward=True)
        wanted = round(start * RATE)
        at = None
        for when, block in resampled(container, stream, name):
            place = at if when is None else round((when - zero) * RATE)
            if at is None:
                at = min(place or 0, wanted)
            if place is not None and place - at > GAP:
                yield from silence(place - max(at, wanted))
                at = place
            early = max(0, wanted - at)
            at += block.shape[1]
            if early < block.shape[1]:
                yield block[:, early:]
        if stream.duration and not UNSEEKABLE & formats:
            promised = float(stream.duration * stream.time_base)
            if (at or 0) / RATE < promised - SHORT:
                raise MediaProcessingFailed(f"FFmpeg processing failed: the sound {name} ends before its time.")


def silence(samples: int) -> Iterator[Block]:
    """That much silence, a second at a time: a stamp may lie by years."""
    while samples > 0:
        yield np.zeros((2, min(samples, RATE)), np.float32)
        samples -= RATE


def resampled(container: Any, stream: Any, name: str) -> Iterator[tuple[float | None, Block]]:
    """(seconds of the first sample, block) of every decoded frame, whatever its rate and channels were."""
    if stream.codec_context.sample_rate not in RATES:
        raise MediaProcessingFailed(f"FFmpeg processing failed: the sound {name} has an impossible sample rate.")
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
    good, bad = 0, 0
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                # A stray tag or one torn packet is no reason to refuse a song; many are.
                bad += 1
                if bad > 3 + good // 20:
                    raise
                continue
            good += bool(frames)
            for frame in frames:
                for out in resampler.resample(frame):
                    yield out.time, finite(out.to_ndarray())
        if not good:
            raise MediaProcessingFailed(f"FFmpeg processing failed: the sound {name} is empty.")
        for out in resampler.resample(None):
            yield out.time, finite(out.to_ndarray())
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaProcessingFailed(f"FFmpeg processing failed: the sound {name} is broken.") from error


def finite(block: Block) -> Block:
    """Without the infinities and not-a-numbers that a float file may hold: one of them would silence the film."""
    return block if np.isfinite(block.sum()) else np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
