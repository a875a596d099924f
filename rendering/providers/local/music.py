"""Soundtracks: a score from words, played into a 48 kHz stereo WAV in pieces: an hour takes no more memory."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rendering.providers.base import ProviderError
from rendering.providers.local import harmony, instruments
from rendering.providers.local.dice import Dice
from rendering.providers.local.instruments import RATE, Wave

MODEL = "local/music-1"
SHORTEST, LONGEST = 1.0, 3600.0
PIECE = 8 * RATE
"""Samples that are played at a time."""
ROOM = 14 * RATE
"""Samples that a note which starts in a piece may ring beyond it."""
WET, LEVEL = 0.34, 0.62
CEILING = 10 ** (-3.2 / 20)
"""Nothing is louder: the sound bends softly before it."""


def compose(mood: str, seconds: float, path: Path) -> harmony.Score:
    """Write a soundtrack of exactly this length for a mood in words; gives its score."""
    if not SHORTEST <= seconds <= LONGEST:
        raise ProviderError(f"A soundtrack of {seconds:g} s can't be made: {SHORTEST:g} to {LONGEST:g} s.")
    score = harmony.score(mood, seconds)
    count = round(seconds * RATE)
    dice = Dice(MODEL, mood, "dither")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        start = 0
        for piece in played(score, count):
            loud = np.tanh(piece * (LEVEL / CEILING)) * CEILING * faded(start, piece.shape[1], count)
            dither = dice.numbers(*loud.shape) - dice.numbers(*loud.shape)
            # Digital silence at both ends stays silent; elsewhere the dither keeps fading tails from turning to noise.
            levels = np.round(loud * 32767 + np.where(loud == 0, 0, dither))
            file.writeframes(levels.T.astype("<i2").tobytes())
            start += piece.shape[1]
    return score


def played(score: harmony.Score, count: int) -> Iterator[Wave]:
    """The piece, dry and from the hall, in pieces of even length."""
    dry, wet = np.zeros((2, PIECE + ROOM)), np.zeros((2, PIECE + ROOM))
    hall = instruments.hall()
    size = PIECE + hall.shape[1]
    room = np.fft.rfft(hall, size, axis=1)
    notes = iter(score.notes)
    note = next(notes, None)
    for start in range(0, count, PIECE):
        while note and note.at * RATE < start + PIECE:
            sound, at = instruments.sound(note), int(note.at * RATE) - start
            length = min(sound.shape[1], dry.shape[1] - at)
            dry[:, at : at + length] += sound[:, :length]
            note = next(notes, None)
        echo = np.fft.irfft(np.fft.rfft(dry[:, :PIECE], size, axis=1) * room, size, axis=1)
        wet[:, :size] += echo
        yield (dry[:, :PIECE] + WET * wet[:, :PIECE])[:, : count - start]
        for buffer in (dry, wet):
            buffer[:, :ROOM] = buffer[:, PIECE:].copy()
            buffer[:, ROOM:] = 0


def faded(start: int, length: int, count: int) -> Wave:
    """A short fade in and a longer fade out, as a factor for each sample from `start`."""
    at = np.arange(start, start + length)
    into, out = 0.35 * RATE, min(2.5 * RATE, count * 0.3)
    rise, fall = np.clip(at / into, 0, 1), np.clip((count - 1 - at) / out, 0, 1)
    return np.asarray(np.sin(rise * np.pi / 2) * np.sin(fall * np.pi / 2) ** 2)
