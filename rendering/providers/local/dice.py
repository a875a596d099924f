"""Chance that is the same on every machine: numbers from words, by SHA-256 and the raw stream of PCG64."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Thing = TypeVar("Thing")


class Dice:
    """A stream of chance. Only the bit generator's raw words are used: nothing else of NumPy's is stable for ever."""

    def __init__(self, *words: str) -> None:
        self.words = tuple(plain(word) for word in words)
        digest = hashlib.sha256("\x1f".join(self.words).encode()).digest()
        self._bits = np.random.PCG64(int.from_bytes(digest[:16], "big"))

    def fork(self, *words: str) -> Dice:
        """Chance of its own for one part, so that a change elsewhere doesn't shift it."""
        return Dice(*self.words, *words)

    def number(self) -> float:
        """0 ≤ number < 1."""
        return (int(self._bits.random_raw()) >> 11) * 2.0**-53

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.number()

    def whole(self, low: int, high: int) -> int:
        """An integer, both ends included."""
        return low + int(self.number() * (high - low + 1))

    def chance(self, part: float) -> bool:
        return self.number() < part

    def sign(self) -> int:
        return 1 if self.chance(0.5) else -1

    def pick(self, things: Sequence[Thing]) -> Thing:
        return things[int(self.number() * len(things))]

    def shuffled(self, things: Sequence[Thing]) -> list[Thing]:
        """Fisher–Yates."""
        result = list(things)
        for last in range(len(result) - 1, 0, -1):
            other = self.whole(0, last)
            result[last], result[other] = result[other], result[last]
        return result

    def numbers(self, *shape: int) -> NDArray[np.float64]:
        """An array of numbers, 0 ≤ number < 1."""
        count = int(np.prod(shape))
        raw = np.asarray(self._bits.random_raw(count), dtype=np.uint64)
        return ((raw >> np.uint64(11)).astype(np.float64) * 2.0**-53).reshape(shape)

    def octets(self, *shape: int) -> NDArray[np.uint8]:
        """An array of random bytes, in the same order on big- and little-endian machines."""
        count = int(np.prod(shape))
        raw = np.asarray(self._bits.random_raw(-(-count // 8)), dtype=np.uint64)
        return raw.astype("<u8").view(np.uint8)[:count].reshape(shape)


def plain(text: str) -> str:
    """Text without what doesn't change its words: case, width, and runs of white space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
