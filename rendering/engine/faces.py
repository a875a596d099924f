"""The bundled fonts: which of them has a character, and opened at a size."""

from __future__ import annotations

import struct
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Literal

from PIL import ImageFont, features

FONTS = Path(__file__).parent / "fonts"
FAMILIES = ("Inter", "NotoSansArabic", "NotoSansHebrew", "NotoSansDevanagari", "NotoSansThai", "NotoSansCJK")
"""Asked in this order for a glyph, after the font that the layer names."""
EMOJI = "NotoColorEmoji"
NAMED = {
    "inter": "Inter",
    "noto serif": "NotoSerif",
    "serif": "NotoSerif",
    "noto sans mono": "NotoSansMono",
    "mono": "NotoSansMono",
    "monospace": "NotoSansMono",
}
"""What a layer may ask for. Another name is drawn in Inter."""
INK_ONLY = {"NotoSansArabic", "NotoSansCJK", EMOJI}
"""Fonts whose own line height is far beyond what they draw."""
EMOJI_SIZE = 109
"""The one size of its bitmaps."""
WEIGHTS = {"regular": "Regular", "bold": "Bold"}
BOLDER = 0.022
"""Where a family has no bold: outlines this much wider, in type sizes."""
JOINED = {"NotoSansArabic", "NotoSansHebrew", "NotoSansDevanagari", "NotoSansThai"}
"""Families of scripts whose letters change or move beside others."""
SHAPING = features.check("raqm")
"""Pillow brings Raqm and HarfBuzz, but loads FriBiDi from the system, where it may be missing."""

Weight = Literal["regular", "bold"]


def named(name: str) -> str:
    """The family behind a name that a person wrote."""
    return NAMED.get(" ".join(name.lower().split()), FAMILIES[0])


@lru_cache(maxsize=64)
def file(family: str, weight: Weight) -> tuple[Path, bool]:
    """A family's file, and whether it is of that weight."""
    wanted, plain = f"{family}-{WEIGHTS[weight]}.*", f"{family}-Regular.*"
    found = sorted(FONTS.glob(wanted))
    return (found or sorted(FONTS.glob(plain)))[0], bool(found)


@lru_cache(maxsize=256)
def font(family: str, weight: Weight, size: float) -> ImageFont.FreeTypeFont:
    """The font at a size in pixels; the emoji's one size whatever is asked."""
    layout = ImageFont.Layout.RAQM if SHAPING else ImageFont.Layout.BASIC
    size = EMOJI_SIZE if family == EMOJI else max(size, 1)
    return ImageFont.truetype(file(family, weight)[0], size, layout_engine=layout)


def stroke(family: str, weight: Weight, size: float) -> float:
    """How much wider outlines are drawn, so that a bold that is missing still looks bold."""
    return 0.0 if file(family, weight)[1] or family == EMOJI else size * BOLDER


def has(family: str, sign: str) -> bool:
    """Whether the font can draw a sign; what is never seen needs no glyph."""
    known = coverage(family)
    return all(ord(character) in known or unseen(character) for character in sign)


def unseen(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or 0xFE00 <= ord(character) <= 0xFE0F


@lru_cache(maxsize=32)
def coverage(family: str) -> frozenset[int]:
    """The code points that a font has glyphs for: its `cmap` table, formats 4 and 12."""
    data = file(family, "regular")[0].read_bytes()
    tables = struct.unpack_from(">H", data, 4)[0]
    entries = (struct.unpack_from(">4sIII", data, 12 + 16 * number) for number in range(tables))
    cmap = next(start for tag, _, start, _ in entries if tag == b"cmap")
    found: set[int] = set()
    for number in range(struct.unpack_from(">H", data, cmap + 2)[0]):
        _, _, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * number)
        kind = struct.unpack_from(">H", data, cmap + offset)[0]
        if kind == 4:
            found |= by_segments(data, cmap + offset)
        elif kind == 12:
            groups = struct.unpack_from(">I", data, cmap + offset + 12)[0]
            for group in range(groups):
                first, last, _ = struct.unpack_from(">III", data, cmap + offset + 16 + 12 * group)
                found.update(range(first, last + 1))
    return frozenset(found)


def by_segments(data: bytes, at: int) -> set[int]:
    """A `cmap` of format 4."""
    count = struct.unpack_from(">H", data, at + 6)[0] // 2
    parts = struct.unpack_from(f">{count}H2x{count}H{count}H{count}H", data, at + 14)
    lasts, firsts, deltas, offsets = (parts[place * count : (place + 1) * count] for place in range(4))
    found: set[int] = set()
    for number, (first, last, delta, offset) in enumerate(zip(firsts, lasts, deltas, offsets, strict=True)):
        for code in range(first, last + 1):
            glyph = (code + delta) & 0xFFFF
            if offset:
                place = at + 16 + 6 * count + 2 * number + offset + 2 * (code - first)
                glyph = struct.unpack_from(">H", data, place)[0]
            if glyph and code != 0xFFFF:
                found.add(code)
    return found
