"""A line's characters to runs: which of the bundled fonts draws them, which way they run, in the order of the eye."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rendering.engine import faces
from rendering.engine.bidi import CONTROLS, levels, visual
from rendering.engine.clusters import AS_EMOJI, clusters, wants_colour
from rendering.engine.errors import TextNotShaped
from rendering.engine.faces import EMOJI, FAMILIES, has

KANA = re.compile("[\u3041-\u30ff]")
LEFT, RIGHT, END = "\u202d", "\u202e", "\u202c"


@dataclass(frozen=True)
class Run:
    """Characters of one font that run in one direction."""

    text: str
    family: str
    level: int = 0
    language: str | None = None

    @property
    def right_to_left(self) -> bool:
        return self.level % 2 == 1

    @property
    def direction(self) -> str | None:
        if not faces.SHAPING:
            return None
        return "rtl" if self.right_to_left else "ltr"

    @property
    def drawn(self) -> str:
        """What the shaper is given: letters that were turned around against their nature are told so."""
        against = ("L",) if self.right_to_left else ("R", "AL")
        if not faces.SHAPING or all(unicodedata.bidirectional(one) not in against for one in self.text):
            return self.text
        return (RIGHT if self.right_to_left else LEFT) + self.text + END


@lru_cache(maxsize=4096)
def runs(text: str, found: tuple[int, ...] | None = None, family: str = FAMILIES[0]) -> tuple[Run, ...]:
    """A line cut by font and direction, from left to right. `found` are its levels, where it is part of a paragraph."""
    if found is None:
        found = levels(text)[1]
    logical: list[Run] = []
    place = 0
    for sign, drawn_by in zip(clusters(text), fonts_of(clusters(text), family), strict=True):
        level, place = found[place], place + len(sign)
        seen = "".join(one for one in sign if one not in CONTROLS)
        if not seen:
            continue
        last = logical[-1] if logical else None
        if last and (last.family, last.level) == (drawn_by, level) and drawn_by != EMOJI:
            logical[-1] = Run(last.text + seen, drawn_by, level, last.language)
        else:
            language = "ja" if faces.SHAPING and drawn_by == "NotoSansCJK" and KANA.search(text) else None
            logical.append(Run(seen, drawn_by, level, language))
    if not faces.SHAPING and (wrong := next(filter(wants_shaping, logical), None)):
        raise TextNotShaped(f"{TextNotShaped.sentence[:-1]}: {wrong.text[:20]!r}")
    return tuple(logical[number] for number in visual([run.level for run in logical]))


def wants_shaping(run: Run) -> bool:
    """Whether its signs put side by side would be another text: letters that join, or run the other way."""
    if run.family == EMOJI:
        return len(run.text.rstrip(AS_EMOJI)) > 1
    return run.right_to_left or run.family in faces.JOINED


def fonts_of(signs: Sequence[str], family: str) -> list[str]:
    """A font for each sign: letters by what has them, spaces and signs by the letter before, brackets by the next."""
    order = (family, *(name for name in FAMILIES if name != family))
    chosen: list[str | None] = []
    for sign in signs:
        if wants_colour(sign) and has(EMOJI, sign):
            chosen.append(EMOJI)
        elif common(sign):
            chosen.append(None)
        else:
            chosen.append(next((name for name in (*order, EMOJI) if has(name, sign)), family))
    result: list[str] = []
    for place, sign in enumerate(signs):
        own = chosen[place]
        if own is None:
            before = next((name for name in result[::-1] if name != EMOJI), None)
            after = next((name for name in chosen[place:] if name not in (None, EMOJI)), None)
            opens = unicodedata.category(sign[0]) in ("Ps", "Pi")
            near = (after, before) if opens or before is None else (before, after)
            candidates = (*(name for name in near if name), *order, EMOJI)
            own = next((name for name in candidates if has(name, sign)), family)
        result.append(own)
    return result


def missing(text: str, family: str = FAMILIES[0]) -> int:
    """How many signs none of the fonts has."""
    pairs = zip(clusters(text), fonts_of(clusters(text), family), strict=True)
    return sum(not has(drawn_by, sign) for sign, drawn_by in pairs if not sign.isspace())


def common(sign: str) -> bool:
    """Spaces, signs, digits and marks have no script of their own."""
    return unicodedata.category(sign[0])[0] in "ZPMNSC"
