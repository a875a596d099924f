"""Is it the same film? SSIM of single frames against another render of them, and of the parts that must be there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.bench.material import SIZE

Luma = NDArray[np.float32]
CAPTION = (slice(round(SIZE[1] * 0.85), round(SIZE[1] * 0.94)), slice(round(SIZE[0] * 0.25), round(SIZE[0] * 0.75)))


@dataclass(frozen=True)
class Likeness:
    """SSIM of luma: 1 is the same picture."""

    frames: int
    mean: float
    least: float
    caption: float
    """Within the caption's place."""
    motion: bool
    """Each frame is more like the same moment of the other film than like one a second away."""


def compare(raw: Path, pictures: Path) -> Likeness:
    """The frames of a raw yuv420p film against pictures of another one, each named by its frame's number."""
    width, height = SIZE
    film = np.memmap(raw, np.uint8, "r").reshape(-1, height * 3 // 2, width)
    others = {int(path.stem): luma_of(path) for path in sorted(pictures.glob("*.png"))}
    ours = {number: film[number, :height].astype(np.float32) for number in others}
    same = {number: ssim(ours[number], other) for number, other in others.items()}
    numbers = sorted(others)
    later = [ssim(ours[here], others[there]) for here, there in pairwise(numbers)]
    return Likeness(
        frames=len(numbers),
        mean=mean(same.values()),
        least=min(same.values()),
        caption=mean(ssim(ours[number][CAPTION], others[number][CAPTION]) for number in numbers),
        motion=all(same[number] > other for number, other in zip(numbers, later, strict=False)),
    )


def luma_of(path: Path) -> Luma:
    """BT.709 luma, limited range, of an RGB picture."""
    picture = np.asarray(cv2.imread(str(path)), np.float32)
    weights = np.array([0.0722, 0.7152, 0.2126], np.float32) * (219 / 255)
    return np.asarray(picture @ weights + 16, np.float32)


def ssim(one: Luma, other: Luma) -> float:
    """Wang et al. 2004: a Gaussian window of 11 pixels."""

    def blurred(picture: Luma) -> Luma:
        return np.asarray(cv2.GaussianBlur(picture, (11, 11), 1.5), np.float32)

    small, smaller = (0.03 * 219) ** 2, (0.01 * 219) ** 2
    mean_one, mean_other = blurred(one), blurred(other)
    spread_one = blurred(one * one) - mean_one**2
    spread_other = blurred(other * other) - mean_other**2
    shared = blurred(one * other) - mean_one * mean_other
    above = (2 * mean_one * mean_other + smaller) * (2 * shared + small)
    below = (mean_one**2 + mean_other**2 + smaller) * (spread_one + spread_other + small)
    return float((above / below).mean())
