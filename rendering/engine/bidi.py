"""The bidirectional algorithm (UAX #9): a level for each character of a paragraph, and the order on a line."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from rendering.engine.bidi_rules import ISOLATES, brackets, neutral, weak

DEEPEST = 125
EMBEDDINGS = {"LRE": ("L", ""), "RLE": ("R", ""), "LRO": ("L", "L"), "RLO": ("R", "R")}
REMOVED = {*EMBEDDINGS, "PDF", "BN"}
CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What only tells the direction and is never drawn."""


@lru_cache(maxsize=1024)
def levels(text: str, base: int | None = None) -> tuple[int, tuple[int, ...]]:
    """The paragraph's own level (0: left to right, 1: right to left) and each character's. Even levels run right."""
    original = [unicodedata.bidirectional(character) or "L" for character in text]
    if base is None:
        base = first_strong(original, 0, len(original))
    partners = isolated(original)
    kinds, embedded = explicit(original, base, partners)
    resolved = list(embedded)
    kept = [place for place, kind in enumerate(original) if kind not in REMOVED]
    before = dict(zip(kept[1:], kept, strict=False))
    after = dict(pairwise(kept))
    for sequence in sequences(original, kept, embedded, partners):
        level = embedded[sequence[0]]
        first = embedded[before[sequence[0]]] if sequence[0] in before else base
        last = sequence[-1]
        follows = base if last not in after or original[last] in ISOLATES else embedded[after[last]]
        sides = ("LR"[max(level, first) % 2], "LR"[max(level, follows) % 2])
        found = [kinds[place] for place in sequence]
        weak(found, sides[0])
        brackets([text[place] for place in sequence], found, [kinds[place] for place in sequence], level, sides[0])
        neutral(found, level, sides)
        for place, kind in zip(sequence, found, strict=True):
            resolved[place] = level + (kind != "LR"[level % 2]) * (1 if level % 2 or kind == "R" else 2)
    previous = base
    for place, kind in enumerate(original):
        if kind in REMOVED:
            resolved[place] = previous  # joiners stay with what they join
        previous = resolved[place]
    return base, tuple(ended(original, resolved, base))


def visual(line: Sequence[int]) -> list[int]:
    """The places of a line's items, from left to right, by their levels (rule L2)."""
    order = list(range(len(line)))
    for level in range(max(line, default=0), 0, -1):
        start = 0
        while start < len(order):
            stop = start
            while stop < len(order) and line[order[stop]] >= level:
                stop += 1
            order[start:stop] = order[start:stop][::-1]
            start = stop + 1
    return order


def first_strong(kinds: Sequence[str], start: int, stop: int) -> int:
    """Rules P2 and P3: the level that the first letter outside of isolates asks for."""
    depth = 0
    for kind in kinds[start:stop]:
        if kind in ISOLATES:
            depth += 1
        elif kind == "PDI":
            depth = max(depth - 1, 0)
        elif not depth and kind in ("L", "R", "AL"):
            return int(kind != "L")
    return 0


def isolated(kinds: Sequence[str]) -> dict[int, int]:
    """Where each isolate that is closed ends."""
    opened: list[int] = []
    partners = {}
    for place, kind in enumerate(kinds):
        if kind in ISOLATES:
            opened.append(place)
        elif kind == "PDI" and opened:
            partners[opened.pop()] = place
    return partners


def explicit(original: Sequence[str], base: int, partners: dict[int, int]) -> tuple[list[str], list[int]]:
    """Rules X1 to X8: kinds, as overrides change them, and levels by embeddings and isolates."""
    stack = [(base, "", False)]
    beyond_isolates = beyond_embeddings = valid_isolates = 0
    kinds, found = list(original), []
    for place, kind in enumerate(original):
        level, override, _ = stack[-1]
        if kind == "PDI":
            if beyond_isolates:
                beyond_isolates -= 1
            elif valid_isolates:
                beyond_embeddings, valid_isolates = 0, valid_isolates - 1
                while not stack[-1][2]:
                    stack.pop()
                stack.pop()
            level, override, _ = stack[-1]
        found.append(level)
        if override and kind not in REMOVED:
            kinds[place] = override
        if kind in EMBEDDINGS or kind in ISOLATES:
            way, forced = EMBEDDINGS.get(kind, (kind[0], ""))
            if kind == "FSI":
                way = "LR"[first_strong(original, place + 1, partners.get(place, len(original)))]
            deeper = (level + 2) // 2 * 2 if way == "L" else level + 1 + level % 2
            fits = deeper <= DEEPEST and not beyond_isolates and not beyond_embeddings
            if fits:
                stack.append((deeper, forced, kind in ISOLATES))
                valid_isolates += kind in ISOLATES
            elif kind in ISOLATES:
                beyond_isolates += 1
            elif not beyond_isolates:
                beyond_embeddings += 1
        elif kind == "PDF" and not beyond_isolates:
            if beyond_embeddings:
                beyond_embeddings -= 1
            elif len(stack) > 1 and not stack[-1][2]:
                stack.pop()
    return kinds, found


def sequences(
    kinds: Sequence[str], kept: Sequence[int], found: Sequence[int], partners: dict[int, int]
) -> Iterator[list[int]]:
    """Isolating run sequences (BD13): runs of one level; what stands around an isolate belongs together."""
    runs: list[list[int]] = []
    for place in kept:
        if runs and found[runs[-1][-1]] == found[place]:
            runs[-1].append(place)
        else:
            runs.append([place])
    starts = {run[0]: run for run in runs}
    continued = {partners[run[-1]] for run in runs if kinds[run[-1]] in ISOLATES and run[-1] in partners}
    for run in runs:
        if run[0] in continued:
            continue
        whole = list(run)
        while kinds[whole[-1]] in ISOLATES and whole[-1] in partners:
            whole += starts[partners[whole[-1]]]
        yield whole


def ended(kinds: Sequence[str], found: list[int], base: int) -> list[int]:
    """Rule L1: tabs, and the white space before them and at the end, lie as the paragraph does."""
    trailing = True
    for place in range(len(found) - 1, -1, -1):
        if kinds[place] in ("S", "B"):
            trailing = True
        elif kinds[place] not in ("WS", "PDI", *ISOLATES, *REMOVED):
            trailing = False
        if trailing:
            found[place] = base
    return found
