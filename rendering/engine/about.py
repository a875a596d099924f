"""What this child is made of: versions, codecs, fonts and text shaping, each tried and not only looked up."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import av
import cv2
import moviepy  # noqa: F401 - whether it opens
import numpy as np
import PIL
from PIL import ImageFont, features

from rendering.engine.faces import EMOJI, EMOJI_SIZE, FONTS, font

NEEDED = {
    "encoder": ("libx264", "aac", "libvpx-vp9", "libopus"),
    "decoder": ("h264", "hevc", "vp9", "av1", "aac", "mp3"),
}
JOINED = {
    "Arabic": ("NotoSansArabic", "سلام", 0.8),
    "Hindi": ("NotoSansDevanagari", "क्षत्रिय", 0.8),
    "emoji": (EMOJI, "👨\u200d👩\u200d👧\u200d👦", 0.5),
}
"""A word of each, and how much narrower than its letters it is when they join."""


def about(request: dict[str, Any], report: Any) -> dict[str, Any]:
    """The child's request `about`: {versions, missing_codecs, unshaped, fonts}."""
    return {
        "versions": {
            "av": av.__version__,
            "libavcodec": ".".join(map(str, av.library_versions["libavcodec"])),
            "opencv": cv2.__version__,
            "moviepy": version("moviepy"),  # its own __version__ is behind
            "pillow": PIL.__version__,
            "numpy": np.__version__,
        },
        "missing_codecs": [
            f"{kind} {name}" for kind, names in NEEDED.items() for name in names if not there(name, kind)
        ],
        "unshaped": unshaped(),
        "fonts": {path.name: loads(path) for path in sorted(FONTS.iterdir()) if path.suffix in {".otf", ".ttf"}},
    }


def there(name: str, kind: str) -> bool:
    try:
        av.Codec(name, "w" if kind == "encoder" else "r")
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def unshaped() -> list[str]:
    """The scripts whose signs do not join as they should: each word is set as one and letter by letter."""
    if not (features.check("raqm") and features.check("fribidi")):
        return [*JOINED]
    return [name for name, (family, word, share) in JOINED.items() if not joins(family, word, share)]


def joins(family: str, word: str, share: float) -> bool:
    """Whether a word takes no more than this share of the room of its letters."""
    face = font(family, "regular", 64)
    return face.getlength(word) <= share * sum(face.getlength(letter) for letter in word)


def loads(path: Path) -> bool:
    try:
        ImageFont.truetype(path, EMOJI_SIZE).getbbox("Ag")
    except OSError:
        return False
    return True
