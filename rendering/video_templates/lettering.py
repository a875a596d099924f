"""How much room words take: the advances of Inter's letters, broken into lines as the engine breaks them."""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import NamedTuple

LINE = 1.3
"""Line height in type sizes."""
ONE_LINE = 0.85
"""The engine sets a text this much smaller rather than on two lines."""
REGULAR = (
    "28 28 40 63 64 81 64 22 36 36 50 66 28 46 28 36 62 46 61 64 64 61 62 57 62 62 28 28 66 66 66 51 94 68 65 73 72 60 "
    "59 74 74 26 54 65 56 89 75 76 63 76 64 64 64 74 68 95 64 66 62 36 36 36 47 45 50 56 62 56 62 58 36 61 59 24 24 54 "
    "24 87 59 60 61 61 37 52 36 58 56 81 54 56 54 36 33 36 66"
)
BOLD = (
    "23 32 39 65 65 86 67 21 41 41 56 68 30 47 30 39 69 49 63 66 68 64 66 59 66 66 30 30 68 68 68 56 103 75 66 75 "
    "73 61 58 76 75 28 57 69 57 91 74 78 65 78 66 65 67 73 75 104 71 72 67 41 39 41 49 48 50 58 64 59 64 60 39 63 "
    "62 27 27 58 27 91 62 61 63 63 41 56 39 62 59 85 57 59 57 41 37 41 68"
)
ASCII = {bold: tuple(int(part) / 100 for part in table.split()) for bold, table in ((False, REGULAR), (True, BOLD))}
"""From the space on, in type sizes."""
UNKNOWN, IDEOGRAPH = 0.66, 1.05


MEASURED = 2048
"""Texts whose words stay measured: a template tries one text in dozens of sizes before it has the largest that fits."""


class Paragraph(NamedTuple):
    """How wide a text without line breaks is, whole and word by word, in type sizes."""

    width: float
    words: tuple[float, ...]


def text_width(text: str, size: float, bold: bool = False) -> float:
    """How wide a line of this text is. Of letters beyond ASCII it is a guess; the engine makes it fit exactly."""
    return width_in_sizes(text, bold) * size


@lru_cache(maxsize=MEASURED)
def width_in_sizes(text: str, bold: bool) -> float:
    return sum(advance(char, bold) for char in text)


def advance(char: str, bold: bool) -> float:
    code = ord(char)
    if 32 <= code < 127:
        return ASCII[bold][code - 32]
    return IDEOGRAPH if code >= 0x2E80 else UNKNOWN


@lru_cache(maxsize=MEASURED)
def paragraphs(text: str, bold: bool) -> tuple[Paragraph, ...]:
    """The text's paragraphs, measured."""
    return tuple(
        Paragraph(
            sum(advance(char, bold) for char in paragraph),
            tuple(sum(advance(char, bold) for char in word) for word in paragraph.split()),
        )
        for paragraph in text.splitlines() or [""]
    )


def lines(text: str, size: float, width: float, bold: bool = False) -> int:
    """How many lines the text takes."""
    return sum(paragraph_lines(paragraph, size, width, bold) for paragraph in paragraphs(text, bold))


def paragraph_lines(paragraph: Paragraph, size: float, width: float, bold: bool) -> int:
    if paragraph.width * size * ONE_LINE <= width:
        return 1
    space, count, run = advance(" ", bold) * size, 1, 0.0
    for word in paragraph.words:
        length = word * size
        if run and run + space + length > width:
            count, run = count + 1, 0.0
        if length > width:  # it is broken
            count += ceil(length / width) - 1
            length = width
        run = run + (space + length) if run else length
    return count


def height(text: str, size: float, width: float, bold: bool = False) -> float:
    """How high the lines stand."""
    return lines(text, size, width, bold) * size * LINE


def largest(text: str, box: tuple[float, float], sizes: tuple[float, float], bold: bool = False) -> float:
    """The largest type size between two at which the text fits into (width, height)."""
    least, size = sizes
    while size > least and height(text, size, box[0], bold) > box[1]:
        size *= 0.97
    return one_line(text, max(size, least), box[0], bold)


def one_line(text: str, size: float, width: float, bold: bool = False) -> float:
    """The size at which a text that the engine keeps on one line has room on it."""
    run = text_width(text, size, bold) * 1.01
    return size * width / run if width < run and run * ONE_LINE <= width and "\n" not in text else size
