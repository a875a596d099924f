"""One paragraph: its pieces filled into lines of a width, its levels kept whichever way it is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rendering.engine.bidi import levels
from rendering.engine.breaks import SOFT_HYPHEN, Piece, pieces
from rendering.engine.clusters import clusters
from rendering.engine.faces import Weight
from rendering.engine.lines import Line
from rendering.engine.runs import runs

REFERENCE = 100.0
"""Type size at which pieces are measured; widths grow with the size."""
SLACK = 0.998
"""Room for what hinting adds at some sizes."""

Span = tuple[int, int]


@dataclass(frozen=True)
class Paragraph:
    """A text without line ends, in a weight and a family."""

    text: str
    weight: Weight
    family: str

    def line(self, start: int, end: int, size: float, more: str = "") -> Line:
        """The line from one place to another, and `more`; a soft hyphen at its end is seen, others are not."""
        base, found = levels(self.text)
        kept = [place for place in range(start, end) if self.text[place] != SOFT_HYPHEN]
        hyphen = "-" if end > start and self.text[end - 1] == SOFT_HYPHEN else ""
        way = [found[place] for place in kept]
        # A hyphen goes on as its word does, an ellipsis as the paragraph.
        way += [way[-1] if way else base] * len(hyphen) + [base] * len(more)
        text = "".join(self.text[place] for place in kept) + hyphen + more
        return Line(runs(text, tuple(way), self.family), size, self.weight, base)

    def whole(self, size: float) -> Line:
        return self.line(0, len(self.text), size)

    def spans(self, width: float, size: float, *, broken: bool = False, balanced: bool = False) -> list[Span]:
        """Where the lines begin and end that are no wider than `width`; balanced ones are about equally long."""
        parts, widths, steps = measured(self)
        scale = size / REFERENCE
        width *= SLACK
        if broken and max(widths) * scale > width:
            parts = self.broken(width, size)
            widths, steps = widths_of(self, parts)
        wide = filled(widths, steps, width / scale)
        narrow, enough = max(widths, default=0.0), width / scale
        while balanced and len(wide) > 1 and enough - narrow > REFERENCE / 2:
            middle = (narrow + enough) / 2
            if len(filled(widths, steps, middle)) <= len(wide):
                enough = middle
            else:
                narrow = middle
        chosen = filled(widths, steps, enough) if balanced else wide
        return [(parts[first].start, parts[last].end) for first, last in chosen]

    def broken(self, width: float, size: float) -> tuple[Piece, ...]:
        """The pieces, those that are wider than a line broken between signs."""
        found: list[Piece] = []
        for piece in pieces(self.text):
            start = place = piece.start
            for sign in clusters(self.text[piece.start : piece.end]):
                if place > start and self.line(start, place + len(sign), size).width > width:
                    found.append(Piece(start, place, place))
                    start = place
                place += len(sign)
            found.append(Piece(start, piece.end, piece.stop))
        return tuple(found)

    def sign_before(self, place: int) -> int:
        """Where the sign begins that ends here."""
        return place - len(clusters(self.text[:place])[-1])


@lru_cache(maxsize=256)
def measured(paragraph: Paragraph) -> tuple[tuple[Piece, ...], list[float], list[float]]:
    parts = pieces(paragraph.text) or (Piece(0, 0, 0),)
    return parts, *widths_of(paragraph, parts)


def widths_of(paragraph: Paragraph, parts: Sequence[Piece]) -> tuple[list[float], list[float]]:
    """Of each piece without and with the spaces behind it."""
    plain, spaced = [], []
    for part in parts:
        plain.append(paragraph.line(part.start, part.end, REFERENCE).width)
        # Inside a line a soft hyphen is not seen.
        end = part.end - 1 if part.end > part.start and paragraph.text[part.end - 1] == SOFT_HYPHEN else part.stop
        spaced.append(plain[-1] if end == part.end else paragraph.line(part.start, end, REFERENCE).width)
    return plain, spaced


def filled(widths: Sequence[float], steps: Sequence[float], width: float) -> list[Span]:
    """First and last piece of each line, each as full as it may be."""
    found: list[Span] = []
    first, reached = 0, 0.0
    for place in range(len(widths)):
        if place > first and reached + widths[place] > width:
            found.append((first, place - 1))
            first, reached = place, 0.0
        reached += steps[place]
    return [*found, (first, len(widths) - 1)]
