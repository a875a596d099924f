"""Words to lines: how large they may be to fit their box, where they break, where they are cut."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rendering.engine.faces import FAMILIES, INK_ONLY, Weight, font, named
from rendering.engine.lines import Line
from rendering.engine.paragraph import Paragraph
from rendering.engine.runs import missing
from rendering.engine.timeline import TextLayer

STEP = 0.95
ONE_LINE = 0.85
"""How much smaller than asked a text may become to stay on one line; then it is wrapped."""
LEADING = 1.06
AIR = 0.12
"""Between the ink of two lines, at least, in type sizes."""
ELLIPSIS = "…"
BEFORE_ELLIPSIS = " ,;:.–-、。，\u00ad"
SMALLEST_SIZE = 4.0
QUOTED = 40
"""Letters of a text in a sentence about it."""
BLANKS = re.compile("[ \t\v\f]+")


@dataclass(frozen=True)
class Block:
    """Lines of one size."""

    lines: tuple[Line, ...]
    size: float
    ascent: float
    advance: float
    """From one baseline to the next."""
    height: float
    cut: bool = False
    """Not all of the text is in it."""

    @property
    def width(self) -> float:
        return max((line.width for line in self.lines), default=0.0)


@lru_cache(maxsize=64)
def set_text(layer: TextLayer, pad: tuple[float, float] = (0.0, 0.0)) -> Block:
    """The layer's text as large as its box allows: on its own lines, else wrapped, else cut with an ellipsis."""
    family, size = named(layer.font), layer.size
    parts = [Paragraph(part, layer.weight, family) for part in tidy(layer.text).split("\n")]
    if not any(part.text for part in parts):
        return block([], size, layer.weight, family)

    def fits(candidate: Block) -> bool:
        width, height = room(layer, pad, candidate.size)
        return candidate.width <= width and candidate.height <= height

    for scale in steps(1.0, max(ONE_LINE, layer.smallest)):
        if fits(plain := block([part.whole(size * scale) for part in parts], size * scale, layer.weight, family)):
            return plain
    for scale in steps(1.0, layer.smallest):
        width, _ = room(layer, pad, size * scale)
        wrapped = block(lines(parts, width, size * scale), size * scale, layer.weight, family)
        if fits(wrapped):
            balanced = block(lines(parts, width, size * scale, balanced=True), size * scale, layer.weight, family)
            return balanced if fits(balanced) else wrapped
    return cut(parts, size * layer.smallest, layer, pad, fits)


def complaints(layer: TextLayer, pad: tuple[float, float] = (0.0, 0.0)) -> tuple[str, ...]:
    """What a person should know of how the text was set, to be read behind "Scene 3: "."""
    text = " ".join(tidy(layer.text).split())
    name = layer.role or "text"
    shown = text if len(text) <= QUOTED else text[: QUOTED - 1].rstrip() + ELLIPSIS
    told = []
    if set_text(layer, pad).cut:
        told.append(f"the {name} was shortened to fit: “{shown}”")
    if lost := missing(text, named(layer.font)):
        told.append(f"no bundled font has {lost} of the characters of the {name}: “{shown}”")
    return tuple(told)


def tidy(text: str) -> str:
    """Composed, without control characters and needless blanks. What holds words together stays."""
    found = ("\n".join(unicodedata.normalize("NFC", text).splitlines())).strip("\n")
    shown = "".join(one for one in found if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cs", "Co", "Cn"))
    return "\n".join(BLANKS.sub(" ", line).strip(" ") for line in shown.split("\n")).strip("\n")


def lines(
    parts: Iterable[Paragraph], width: float, size: float, *, broken: bool = False, balanced: bool = False
) -> list[Line]:
    """All paragraphs' lines."""
    return [
        part.line(start, end, size)
        for part in parts
        for start, end in part.spans(width, size, broken=broken, balanced=balanced)
    ]


def cut(
    parts: Sequence[Paragraph], size: float, layer: TextLayer, pad: tuple[float, float], fits: Callable[[Block], bool]
) -> Block:
    """As many lines as fit, words longer than a line broken, the last line ending in an ellipsis."""
    while True:
        width, _ = room(layer, pad, size)
        spans = [(part, *span) for part in parts for span in part.spans(width, size, broken=True)]
        made = [part.line(start, end, size) for part, start, end in spans]
        for count in range(len(spans), 0, -1):
            kept = made[:count]
            if count < len(spans):
                kept[-1] = ended(*spans[count - 1], width, size)
            if fits(candidate := block(kept, size, layer.weight, parts[0].family, cut=count < len(spans))):
                return candidate
        size *= STEP
        if size < SMALLEST_SIZE:
            return block([], size, layer.weight, parts[0].family, cut=True)


def ended(part: Paragraph, start: int, end: int, width: float, size: float) -> Line:
    """A line that ends in an ellipsis, shortened sign by sign until it fits."""
    while end > start:
        text = part.text[start:end].rstrip(BEFORE_ELLIPSIS)
        line = part.line(start, start + len(text), size, ELLIPSIS)
        if line.width <= width:
            return line
        end = part.sign_before(start + max(len(text), 1))
    return part.line(start, start, size, ELLIPSIS)


def block(made: Sequence[Line], size: float, weight: Weight, family: str, *, cut: bool = False) -> Block:
    """Lines as one block: as high as the fonts say, or as their ink needs where marks are piled up."""
    names = {run.family for line in made for run in line.runs} - INK_ONLY | {family or FAMILIES[0]}
    metrics = [font(name, weight, size).getmetrics() for name in sorted(names)]
    ascent, descent = max(up for up, _ in metrics), max(down for _, down in metrics)
    piled = [upper.below + lower.above + AIR * size for upper, lower in pairwise(made)]
    advance = max([(ascent + descent) * LEADING, *piled])
    if not made:
        return Block((), size, ascent, advance, 0.0, cut)
    above, below = max(ascent, made[0].above), max(descent, made[-1].below)
    return Block(tuple(made), size, above, advance, above + below + advance * (len(made) - 1), cut)


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
