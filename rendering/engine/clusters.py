"""Text cut into what people take for one sign: letters with their marks, syllables, emoji of several code points."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

JOINER, KEYCAP, AS_TEXT, AS_EMOJI = "\u200d", "\u20e3", "\ufe0e", "\ufe0f"
FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")
FOLLOWS = re.compile("[\u0e33\u0eb3\u200c\u1160-\u11ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
"""No mark by its category, but never parted from what stands before: vowels, jamo, skin tones, tags."""
COLOURED = re.compile(
    "[\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd"
    "\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e"
    "\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f000-\U0001faff]"
)
"""Shown in colour unless the text says otherwise."""
VIRAMA = 9


@lru_cache(maxsize=4096)
def clusters(text: str) -> tuple[str, ...]:
    """The text's signs, in its own order."""
    found: list[str] = []
    for character in text:
        if found and joined(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return tuple(found)


def joined(before: str, character: str) -> bool:
    """Whether a character belongs to the sign before it."""
    if before[-1] in " \t\n":
        return False
    if unicodedata.category(character)[0] == "M" or character == JOINER or FOLLOWS.match(character):
        return True
    if before[-1] == JOINER:
        return not before[0].isspace() and (wants_colour(before) or conjunct(before[:-1], character))
    if FLAG.match(character):
        return len(before) == 1 and bool(FLAG.match(before))
    return conjunct(before, character)


def conjunct(before: str, character: str) -> bool:
    """Consonants tied by a virama are one syllable."""
    tied = bool(before) and unicodedata.combining(before[-1]) == VIRAMA
    return tied and unicodedata.category(character) == "Lo"


def wants_colour(sign: str) -> bool:
    """Whether a sign is an emoji by itself, or made one by what follows it."""
    if KEYCAP in sign:
        return sign[0] in "0123456789#*"
    if sign[0] in "0123456789#*" or sign[0].isalpha():
        return False
    if AS_TEXT in sign:
        return False
    return bool(COLOURED.match(sign)) or AS_EMOJI in sign or JOINER in sign[1:-1]
