"""The sound of each voice of the soundtrack, made from sines and noise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rendering.providers.local.dice import Dice
from rendering.providers.local.harmony import Note

RATE = 48_000
TABLE_BITS = 14
RELEASE = 1.3
"""Seconds that a pad rings on."""
Wave = NDArray[np.float64]


def sound(note: Note) -> Wave:
    """A note as a left and a right row of samples, with its pan and gain."""
    if note.voice == "pad":
        return pad(note)
    mono = struck(note.voice, note.pitch, round(note.length, 3) if note.voice == "bass" else 0.0) * note.gain
    angle = (min(1.0, max(-1.0, note.pan)) + 1) * np.pi / 4
    return np.asarray(np.stack([mono * np.cos(angle), mono * np.sin(angle)]) * np.sqrt(2))


def pad(note: Note) -> Wave:
    """A soft string of two voices a hair out of tune, one wider on each side."""
    count = int((note.length + RELEASE) * RATE)
    time = np.arange(count, dtype=np.uint32)
    swell = np.ones(count)
    for part, length in ((swell, min(0.7, note.length * 0.35)), (swell[::-1], RELEASE)):
        rise = np.linspace(0, 1, int(length * RATE))
        part[: len(rise)] = rise * rise * (3 - 2 * rise)
    swell *= note.gain
    table, pitch = strings(), hertz(note.pitch)
    sides = []
    for side, cents in ((-1, 4.5), (1, -4.0)):
        out = np.zeros(count)
        for turn, detune in enumerate((cents, -cents * 0.4)):
            # Phases are whole numbers that wrap around at 2³², a full turn: exact, and quick.
            step = np.uint32(round(pitch * 2 ** (detune / 1200) / RATE * 2**32))
            begin = np.uint32(int((0.37 * (turn + side + note.pitch) % 1) * 2**32))
            out += table[(time * step + begin) >> np.uint32(32 - TABLE_BITS)]
        sides.append(out * swell * (1 + 0.5 * side * note.pan) * 0.5)
    return np.stack(sides)


@lru_cache(1)
def strings() -> Wave:
    """One period of a mellow saw."""
    turn = np.arange(2**TABLE_BITS) * (2 * np.pi / 2**TABLE_BITS)
    partials = [np.sin(turn * n + n * n * 0.7) / n**1.75 for n in range(1, 11)]
    period = np.sum(partials, axis=0)
    return np.asarray(period / np.abs(period).max())


@lru_cache(96)
def struck(voice: str, pitch: float, length: float) -> Wave:
    """A plucked, struck or beaten sound; they are all short, and the same ones come back all the time."""
    tail = {"pluck": 1.8, "bell": 2.6, "bass": length + 0.35, "kick": 0.45, "shaker": 0.14}[voice]
    time = np.arange(int(tail * RATE)) / RATE
    turn = 2 * np.pi * hertz(pitch) * time
    if voice == "pluck":
        # A thumb piano: the overtones are gone long before the tone is.
        wave = np.sin(turn) * np.exp(-time * 3.2) + 0.32 * np.sin(turn * 2) * np.exp(-time * 6)
        wave += 0.2 * np.sin(turn * 3.01) * np.exp(-time * 11) + 0.12 * np.sin(turn * 6.2) * np.exp(-time * 26)
    elif voice == "bell":
        # An electric piano: one sine bends another, less and less.
        wave = np.sin(turn + 0.9 * np.exp(-time * 4) * np.sin(turn * 2)) * np.exp(-time * 1.7)
        wave += 0.1 * np.sin(turn * 4) * np.exp(-time * 7)
    elif voice == "bass":
        wave = (np.sin(turn) + 0.3 * np.sin(turn * 2) + 0.1 * np.sin(turn * 3)) * np.exp(-time * 0.8)
        wave *= np.clip((length + 0.3 - time) / 0.3, 0, 1)
    elif voice == "kick":
        wave = np.sin(2 * np.pi * (46 * time + 2.4 * (1 - np.exp(-time * 28)))) * np.exp(-time * 9)
    else:
        noise = Dice("shaker").numbers(len(time)) * 2 - 1
        wave = np.diff(noise, prepend=0.0) * np.exp(-time * 38) * np.clip(time / 0.012, 0, 1)
    attack = {"pluck": 0.003, "bell": 0.006, "bass": 0.03, "kick": 0.004, "shaker": 0.001}[voice]
    wave *= np.clip(time / attack, 0, 1) * np.clip((tail - time) / 0.05, 0, 1)
    return np.asarray(wave)


@lru_cache(1)
def hall() -> Wave:
    """The echo of a warm room: noise that dies away in two seconds, its brightness first."""
    count = int(2.4 * RATE)
    time = np.arange(count) / RATE
    noise = Dice("hall").numbers(2, count) * 2 - 1
    spectrum = np.fft.rfft(noise, axis=1)
    pitch = np.fft.rfftfreq(count, 1 / RATE)
    low = spectrum / (1 + (pitch / 1500) ** 2) * (pitch / (pitch + 180))
    high = spectrum / (1 + (pitch / 6000) ** 2) * (pitch / (pitch + 180))
    echo = np.fft.irfft(low, count, axis=1) * np.exp(-time * 2.6) + np.fft.irfft(high, count, axis=1) * np.exp(
        -time * 7
    )
    echo *= np.clip((time - 0.012) / 0.02, 0, 1) * np.clip((2.4 - time) / 0.3, 0, 1)
    return np.asarray(echo / np.sqrt((echo**2).sum(axis=1, keepdims=True)))


def hertz(pitch: float) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))
