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

from rendering.engine.faces import FONTS

NEEDED = {
    "encoder": ("libx264", "aac", "libvpx-vp9", "libopus"),
    "decoder": ("h264", "hevc", "vp9", "av1", "aac", "mp3"),
}


def about(request: dict[str, Any], report: Any) -> dict[str, Any]:
    """The child's request `about`: {versions, missing_codecs, shaping, fonts}."""
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
        "shaping": shapes_arabic(),
        "fonts": {path.name: loads(path) for path in sorted(FONTS.iterdir()) if path.suffix in {".otf", ".ttf"}},
    }


def there(name: str, kind: str) -> bool:
    try:
        av.Codec(name, "w" if kind == "encoder" else "r")
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def shapes_arabic() -> bool:
    """Joined letters are narrower than the same letters one by one; without Raqm both are equal."""
    if not (features.check("raqm") and features.check("fribidi")):
        return False
    font = ImageFont.truetype(FONTS / "NotoSansArabic-Regular.ttf", 64, layout_engine=ImageFont.Layout.RAQM)
    word = "سلام"
    return font.getlength(word) < sum(font.getlength(letter) for letter in word) - 1


def loads(path: Path) -> bool:
    try:
        ImageFont.truetype(path, 32).getbbox("Ag")
    except OSError:
        return False
    return True
