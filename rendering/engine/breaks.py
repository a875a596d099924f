"""Where a line may end (UAX #14 in short): at spaces and hyphens, between ideographs, never before a full stop."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rendering.engine.clusters import clusters, wants_colour

SPACE = re.compile("[ \t\u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]")
GLUE = "\u00a0\u202f\u2007\u2060\ufeff\u2011\u0f0c"
SOFT_HYPHEN, ZERO_WIDTH = "\u00ad", "\u200b"
NEVER_FIRST = frozenset(
    ",.:;!?%‰°′″…‥、。，．：；！？％・･」』｣）］｝】〉》〕〗〙〛ー々〻〜～ゝゞヽヾ゛゜‼⁇⁈⁉،؛؟۔।॥๏ฯๆ、¢℃"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
)
"""Besides closing brackets: what ends a phrase, small kana, signs behind numbers."""
NEVER_LAST = frozenset("¿¡$£¥€₩₹₪₽₺№＄￥￡")
DASHES = frozenset("‐–—|~")
IDEOGRAPHS = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u30ff\u3105-\u312f\u31a0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\uff66-\uff9d\U00020000-\U0003ffff]"
)


@dataclass(frozen=True)
class Piece:
    """Characters that stay together: from `start` to `end`, and the spaces behind them up to `stop`."""

    start: int
    end: int
    stop: int


@lru_cache(maxsize=512)
def pieces(text: str) -> tuple[Piece, ...]:
    """A paragraph's pieces; between two of them a line may end."""
    signs = clusters(text)
    found: list[Piece] = []
    start = place = 0
    for number, sign in enumerate(signs):
        place += len(sign)
        if number + 1 == len(signs) or may_break(signs, number):
            end = len(text[:place].rstrip(" \t\u3000" + ZERO_WIDTH)) if place > start else place
            found.append(Piece(start, max(end, start), place))
            start = place
    return tuple(found)


def may_break(signs: tuple[str, ...], number: int) -> bool:
    """Whether a line may end after this sign. Spaces count to what stands before them."""
    before, after = signs[number], signs[number + 1]
    if SPACE.match(after) or after in (ZERO_WIDTH, SOFT_HYPHEN) or after[0] in GLUE:
        return False
    if before == ZERO_WIDTH:
        return True
    last = number
    while last > 0 and SPACE.match(signs[last]):
        last -= 1
    spaced, solid = last < number, signs[last]
    if SPACE.match(solid):
        return True
    if never_first(after) or unicodedata.category(solid[0]) == "Ps":
        return False
    if quote_opens(signs, last) or quote_closes(signs, number + 1):
        return False
    if spaced:
        loose = number + 2 < len(signs) and bool(SPACE.match(signs[number + 2]))
        return not (loose and after in DASHES)  # a dash between words ends a line, it begins none
    return tight(signs, number)


def tight(signs: tuple[str, ...], number: int) -> bool:
    """The same where no space stands between."""
    before, after = signs[number], signs[number + 1]
    previous = signs[number - 1] if number else " "
    if before[0] in GLUE or before[0] in NEVER_LAST or quotes(before) or quotes(after):
        return False
    if before == SOFT_HYPHEN:
        return True
    if before in DASHES or before == "-":
        return not SPACE.match(previous) and not (before == "-" and after[0].isdigit())
    if after in DASHES or after == "-":
        return after == "—"
    if before == "/":
        return not after[0].isdigit() and not SPACE.match(previous) and after != "/"
    return whole(before) or whole(after)


def whole(sign: str) -> bool:
    """Signs that a line may end before and behind: ideographs, kana, emoji."""
    return bool(IDEOGRAPHS.match(sign)) or wants_colour(sign)


def never_first(sign: str) -> bool:
    return sign[0] in NEVER_FIRST or unicodedata.category(sign[0]) == "Pe" or sign[0] == "/"


def quotes(sign: str) -> bool:
    return sign[0] in "\"'" or unicodedata.category(sign[0]) in ("Pi", "Pf")


def quote_opens(signs: tuple[str, ...], place: int) -> bool:
    """« opens where a word may begin, and keeps what follows, even behind a space; » only without one."""
    begins = place == 0 or bool(SPACE.match(signs[place - 1]))
    kind = unicodedata.category(signs[place][0])
    return begins and (kind == "Pi" or (kind == "Pf" and not SPACE.match(signs[place + 1])))


def quote_closes(signs: tuple[str, ...], place: int) -> bool:
    """» closes where a word may end, and keeps what stands before."""
    ends = place + 1 == len(signs) or bool(SPACE.match(signs[place + 1])) or never_first(signs[place + 1])
    kind = unicodedata.category(signs[place][0])
    return ends and (kind == "Pf" or (kind == "Pi" and not SPACE.match(signs[place - 1])))
