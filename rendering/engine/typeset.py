"""Words to lines: which font has the glyphs, which way they run, how large they may be to fit their box."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from PIL import ImageDraw, ImageFont, features

from rendering.engine.timeline import TextLayer

FONTS = Path(__file__).parent / "fonts"
FAMILIES = ("Inter", "NotoSansArabic", "NotoSansHebrew", "NotoSansDevanagari")
"""Asked in this order for a glyph."""
WEIGHTS = {"regular": "Regular", "bold": "Bold"}
STEP = 0.95
ONE_LINE = 0.85
"""How much smaller than asked a text may become to stay on one line; then it is wrapped."""
LEADING = 1.06
ELLIPSIS = "…"
SHAPING = features.check("raqm")

Weight = Literal["regular", "bold"]


@dataclass(frozen=True)
class Run:
    """Characters of one font that run in one direction."""

    text: str
    family: str
    right_to_left: bool


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
        if fits(wrapped := block(wrap(text, width, size * scale, layer.weight), size * scale, layer.weight)):
            return wrapped
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


def wrap(text: str, width: float, size: float, weight: Weight, *, break_words: bool = False) -> list[str]:
    """Lines no wider than `width`, each paragraph's lines about equally long."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        words = paragraph.split(" ")
        if break_words:
            words = [part for word in words for part in broken(word, width, size, weight)]
        wide = filled(words, width, size, weight)
        narrow, enough = 0.0, width
        while len(wide) > 1 and enough - narrow > size / 2:
            middle = (narrow + enough) / 2
            if len(filled(words, middle, size, weight)) <= len(wide):
                enough = middle
            else:
                narrow = middle
        lines += filled(words, enough, size, weight)
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


@lru_cache(maxsize=4096)
def runs(text: str) -> tuple[Run, ...]:
    """The text cut by font and direction, in the order in which it is seen."""
    logical: list[Run] = []
    ways = directions(text)
    family = FAMILIES[0]
    for character, to_left in zip(text, ways, strict=True):
        if not (belongs(character) and has(family, character)):
            family = next((name for name in FAMILIES if has(name, character)), FAMILIES[0])
        if logical and (logical[-1].family, logical[-1].right_to_left) == (family, to_left):
            logical[-1] = Run(logical[-1].text + character, family, to_left)
        else:
            logical.append(Run(character, family, to_left))
    return tuple(seen(logical, leading(text)))


def leading(text: str) -> bool:
    """Whether the line as a whole runs from right to left: its first letter says it."""
    return next((way for character in text if (way := strong(character)) is not None), False)


def directions(text: str) -> list[bool]:
    """Whether each character runs to the left. Signs between equal neighbours go with them, others with the line."""
    base = leading(text)
    ways: list[bool | None] = []
    for character in text:
        way = strong(character)
        if way is None and unicodedata.bidirectional(character) in ("EN", "AN", "NSM"):
            way = next((known for known in reversed(ways) if known is not None), base)
        ways.append(way)
    before, resolved = base, []
    for place, way in enumerate(ways):
        after = next((known for known in ways[place:] if known is not None), base)
        before = way if way is not None else before
        resolved.append(before if way is not None or before == after else base)
    return resolved


def seen(logical: list[Run], leading: bool) -> list[Run]:
    """Runs against the line's own direction keep their order among themselves, turned around."""
    ordered: list[Run] = []
    group: list[Run] = []
    for run in logical:
        if run.right_to_left != leading:
            group.insert(0, run)
            continue
        ordered += [*group, run]
        group = []
    ordered += group
    return ordered[::-1] if leading else ordered


def strong(character: str) -> bool | None:
    """Whether a character runs from right to left; None if it follows its neighbours."""
    kind = unicodedata.bidirectional(character)
    return True if kind in ("R", "AL") else False if kind == "L" else None


def belongs(character: str) -> bool:
    """Spaces, signs, digits and marks stay in the font of what stands before."""
    return unicodedata.category(character)[0] in "ZPMNSC"


@lru_cache(maxsize=8192)
def has(family: str, character: str) -> bool:
    """Whether the font has a glyph: it doesn't draw its box for missing ones."""
    if unicodedata.category(character) in ("Cf", "Zs"):
        return True
    face = font(family, "regular", 24)
    return bytes(face.getmask(character)) != bytes(face.getmask("\U0010fffe"))


@lru_cache(maxsize=256)
def font(family: str, weight: Weight, size: float) -> ImageFont.FreeTypeFont:
    path = next(iter(sorted(FONTS.glob(f"{family}-{WEIGHTS[weight]}.*"))))
    layout = ImageFont.Layout.RAQM if SHAPING else ImageFont.Layout.BASIC
    return ImageFont.truetype(path, max(size, 1), layout_engine=layout)


def direction(run: Run) -> str | None:
    if not SHAPING:
        return None
    return "rtl" if run.right_to_left else "ltr"


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
