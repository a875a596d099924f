"""A line of text to runs: which of the bundled fonts has the glyphs, and which way they run."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from PIL import ImageFont, features

FONTS = Path(__file__).parent / "fonts"
FAMILIES = ("Inter", "NotoSansArabic", "NotoSansHebrew", "NotoSansDevanagari")
"""Asked in this order for a glyph."""
WEIGHTS = {"regular": "Regular", "bold": "Bold"}
SHAPING = features.check("raqm")

Weight = Literal["regular", "bold"]


@dataclass(frozen=True)
class Run:
    """Characters of one font that run in one direction."""

    text: str
    family: str
    right_to_left: bool


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
