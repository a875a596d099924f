"""Words to lines: how large they may be to fit their box, where they break, where they are cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PIL import ImageDraw

from rendering.engine.runs import FAMILIES, Run, Weight, direction, font, runs
from rendering.engine.timeline import TextLayer

STEP = 0.95
ONE_LINE = 0.85
"""How much smaller than asked a text may become to stay on one line; then it is wrapped."""
LEADING = 1.06
ELLIPSIS = "…"


@dataclass(frozen=True)
class Line:
    runs: tuple[Run, ...]
    """From left to right."""
    size: float
    weight: Weight

    @property
    def width(self) -> float:
        return sum(self.advance(run) for run in self.runs)

    def advance(self, run: Run) -> float:
        return font(run.family, self.weight, self.size).getlength(run.text, direction=direction(run))

    def draw(self, pen: ImageDraw.ImageDraw, x: float, baseline: float) -> None:
        for run in self.runs:
            face = font(run.family, self.weight, self.size)
            pen.text((x, baseline), run.text, 255, face, "ls", direction=direction(run))
            x += self.advance(run)


@dataclass(frozen=True)
class Block:
    """Lines of one size."""

    lines: tuple[Line, ...]
    size: float
    ascent: float
    advance: float
    """From one baseline to the next."""
    height: float

    @property
    def width(self) -> float:
        return max((line.width for line in self.lines), default=0.0)


def set_text(layer: TextLayer, pad: tuple[float, float] = (0.0, 0.0)) -> Block:
    """The layer's text as large as its box allows: on its own lines, else wrapped, else cut with an ellipsis."""
    text = "\n".join(" ".join(line.split()) for line in unicodedata.normalize("NFC", layer.text).splitlines()).strip()
    size, smallest = layer.size, layer.size * layer.smallest
    if not text:
        return block([], size, layer.weight)

    def fits(candidate: Block) -> bool:
        width, height = room(layer, pad, candidate.size)
        return candidate.width <= width and candidate.height <= height

    for scale in steps(1.0, max(ONE_LINE, layer.smallest)):
        if fits(plain := block(text.split("\n"), size * scale, layer.weight)):
            return plain
    for scale in steps(1.0, layer.smallest):
        width, _ = room(layer, pad, size * scale)
        if fits(block(wrap(text, width, size * scale, layer.weight), size * scale, layer.weight)):
            lines = wrap(text, width, size * scale, layer.weight, balanced=True)
            return block(lines, size * scale, layer.weight)
    return cut(text, smallest, layer, pad, fits)


def cut(text: str, size: float, layer: TextLayer, pad: tuple[float, float], fits: Callable[[Block], bool]) -> Block:
    """As many lines as fit, words longer than a line broken, the last line ending in an ellipsis."""
    width, _ = room(layer, pad, size)
    lines = wrap(text, width, size, layer.weight, break_words=True)
    for count in range(len(lines), 0, -1):
        kept = lines[:count]
        if count < len(lines):
            last = kept[-1]
            while last and measure(last + ELLIPSIS, size, layer.weight) > width:
                last = last[:-1].rstrip()
            kept[-1] = last.rstrip(" ,;:.–-") + ELLIPSIS
        if fits(candidate := block(kept, size, layer.weight)):
            return candidate
    if size < 4:
        return block([], size, layer.weight)
    return cut(text, size * STEP, layer, pad, fits)


def wrap(
    text: str, width: float, size: float, weight: Weight, *, break_words: bool = False, balanced: bool = False
) -> list[str]:
    """Lines no wider than `width`; balanced ones are as many, and about equally long."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        words = paragraph.split(" ")
        if break_words:
            words = [part for word in words for part in broken(word, width, size, weight)]
        wide = filled(words, width, size, weight)
        narrow, enough = 0.0, width
        while balanced and len(wide) > 1 and enough - narrow > size / 2:
            middle = (narrow + enough) / 2
            if len(filled(words, middle, size, weight)) <= len(wide):
                enough = middle
            else:
                narrow = middle
        lines += filled(words, enough, size, weight) if balanced else wide
    return lines


def filled(words: list[str], width: float, size: float, weight: Weight) -> list[str]:
    lines = [words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]} {word}"
        if measure(longer, size, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def broken(word: str, width: float, size: float, weight: Weight) -> list[str]:
    """A word in parts no wider than a line; letters stay with their marks."""
    parts = [""]
    for character in word:
        joined = unicodedata.category(character).startswith("M")
        if parts[-1] and not joined and measure(parts[-1] + character, size, weight) > width:
            parts.append("")
        parts[-1] += character
    return parts


def block(lines: list[str], size: float, weight: Weight) -> Block:
    made = tuple(Line(runs(line), size, weight) for line in lines)
    families = {run.family for line in made for run in line.runs} | {FAMILIES[0]}
    metrics = [font(family, weight, size).getmetrics() for family in sorted(families)]
    ascent, descent = max(up for up, _ in metrics), max(down for _, down in metrics)
    advance = (ascent + descent) * LEADING
    height = ascent + descent + advance * (len(made) - 1) if made else 0.0
    return Block(made, size, ascent, advance, height)


@lru_cache(maxsize=4096)
def measure(text: str, size: float, weight: Weight) -> float:
    return Line(runs(text), size, weight).width


def room(layer: TextLayer, pad: tuple[float, float], size: float) -> tuple[float, float]:
    """The box without the plate's edge."""
    return layer.box[2] - 2 * pad[0] * size, layer.box[3] - 2 * pad[1] * size


def steps(first: float, last: float) -> list[float]:
    """Smaller and smaller, ending exactly at `last`."""
    scales = []
    while first > last:
        scales.append(first)
        first *= STEP
    return [*scales, last]
