"""All sounds of a film on one stereo track, block by block: placed, faded, and music lowered under voices."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rendering.engine.errors import MediaProcessingFailed
from rendering.engine.source import RATE, Block, Source, length
from rendering.engine.timeline import Sound

STEP = RATE // 100
"""Ducking decides every 10 ms."""
BLOCK = RATE
STEPS = BLOCK // STEP
VOICE_FROM = 10 ** (-45 / 20)
"""A step whose root mean square is above -45 dBFS is speech."""
ATTACK, HOLD, RELEASE = 20, 40, 60
"""Steps: down within 0.2 s before the voice, waiting through 0.4 s of breath, back within 0.6 s."""
Curve = NDArray[np.float32]


def mix(sounds: Sequence[Sound], assets: Mapping[str, Path], total: int) -> Iterator[Block]:
    """`total` samples in blocks of a second; nothing but the sounds that play at that time is open."""
    parts = [Part(sound, find(sound.asset, assets), total) for sound in sounds]
    voices = [part for part in parts if part.sound.role == "voice"]
    others = [part for part in parts if part.sound.role != "voice"]
    ducking = Ducking()
    ahead = add_up(voices, 0)
    for start in range(0, total, BLOCK):
        # Voices are read a second ahead, so that the music is down when the first word comes.
        block, ahead = ahead, add_up(voices, start + BLOCK)
        depth = ducking.curve(block, ahead) if voices else None
        block = block.copy()
        for part in others:
            sound = part.read(start)
            if sound is None:
                continue
            if depth is not None and part.sound.role == "music" and part.sound.duck_db:
                sound = sound * np.power(10.0, -abs(part.sound.duck_db) / 20 * depth, dtype=np.float32)
            block += sound
        yield block[:, : min(BLOCK, total - start)]


def find(asset: str, assets: Mapping[str, Path]) -> Path:
    """The file of an asset; every sound's file is looked for before the first one is read."""
    path = assets.get(asset)
    if path is None or not path.is_file():
        raise MediaProcessingFailed(f"FFmpeg processing failed: the sound {asset} is missing.")
    return path


def add_up(parts: Sequence[Part], start: int) -> Block:
    """One block of several parts together."""
    block = np.zeros((2, BLOCK), np.float32)
    for part in parts:
        sound = part.read(start)
        if sound is not None:
            block += sound
    return block


class Part:
    """One Sound at its place in the film; its file is open only while it plays."""

    def __init__(self, sound: Sound, path: Path, total: int):
        self.sound, self.path = sound, path
        self.first = round(sound.at * RATE)
        self.end = total
        if sound.duration is not None:
            self.end = min(total, self.first + round(sound.duration * RATE))
        elif sound.fade_out and not sound.loop:
            seconds = length(path, sound.asset)
            if seconds is not None:
                self.end = min(total, self.first + max(0, round((seconds - sound.start) * RATE)))
        self.source: Source | None = None

    def read(self, start: int) -> Block | None:
        """What it adds to the block that begins at sample `start` of the film; None for nothing."""
        first, end = max(start, self.first), min(start + BLOCK, self.end)
        if first >= end:
            self.source = None
            return None
        if self.source is None:
            self.source = Source(
                self.path,
                self.sound.asset,
                start=self.sound.start,
                loop=self.sound.loop,
                silent_video=self.sound.role == "footage",
            )
        sound = self.source.read(end - first) * self._gain(first, end)
        return np.pad(sound, ((0, 0), (first - start, start + BLOCK - end)))

    def _gain(self, first: int, end: int) -> Curve | float:
        gain = 10 ** (self.sound.volume_db / 20)
        fade_in, fade_out = round(self.sound.fade_in * RATE), round(self.sound.fade_out * RATE)
        if first >= self.first + fade_in and end <= self.end - fade_out:
            return gain
        at = np.arange(first, end, dtype=np.float32)
        up = np.clip((at - self.first) / max(1, fade_in), 0, 1) if fade_in else np.ones_like(at)
        down = np.clip((self.end - at) / max(1, fade_out), 0, 1) if fade_out else np.ones_like(at)
        eased = (0.5 - 0.5 * np.cos(math.pi * up)) * (0.5 - 0.5 * np.cos(math.pi * down))
        return np.asarray(gain * eased, np.float32)


class Ducking:
    """How far down the music is (0–1), from the voices of this block and the next; it moves without a jump."""

    def __init__(self) -> None:
        self.heard = np.zeros(HOLD, bool)
        self.depth = 0.0

    def curve(self, voice: Block, ahead: Block) -> Curve:
        """One value a sample for the present block."""
        now = np.concatenate([self.heard, speech(voice), speech(ahead)[:ATTACK]])
        self.heard = now[STEPS : STEPS + HOLD]
        # A step is under a voice if there is one in its own time, up to ATTACK later or HOLD before.
        counts = np.concatenate([[0], np.cumsum(now)])
        window = HOLD + ATTACK + 1
        under = counts[window:] - counts[:-window] > 0
        points = [self.depth]
        for down in under:
            self.depth = min(1.0, self.depth + 1 / ATTACK) if down else max(0.0, self.depth - 1 / RELEASE)
            points.append(self.depth)
        smooth = 0.5 - 0.5 * np.cos(math.pi * np.array(points, np.float32))
        places = np.arange(STEPS + 1, dtype=np.float32) * STEP
        return np.asarray(np.interp(np.arange(BLOCK), places, smooth), np.float32)


def speech(voice: Block) -> NDArray[np.bool_]:
    """Which steps of a block hold speech."""
    power = np.square(voice).mean(axis=0).reshape(STEPS, STEP).mean(axis=1)
    return np.asarray(power > VOICE_FROM**2)
