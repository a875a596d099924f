"""The small picture that stands for an asset: 320 pixels wide, JPEG."""

from pathlib import Path
from typing import Any

from PIL import Image

from media_assets.av import hdr

WIDTH = 320
MOST_HEIGHT = 1920
QUALITY = 90
UNSPECIFIED = 2


def save_thumbnail(image: Image.Image, path: Path) -> None:
    """Write it: alpha lies on white."""
    height = max(1, min(MOST_HEIGHT, round(image.height * WIDTH / image.width)))
    small = image.resize((WIDTH, height), Image.Resampling.LANCZOS)
    if small.mode in ("RGBA", "LA", "PA", "P"):
        small = small.convert("RGBA")
        ground = Image.new("RGBA", small.size, "white")
        small = Image.alpha_composite(ground, small)
    small.convert("RGB").save(path, "JPEG", quality=QUALITY, optimize=True)


def shown(frame: Any, pixel_aspect: float) -> Image.Image:
    """A decoded frame as a player shows it: square pixels, the right way up, small enough for a thumbnail."""
    width, height = display_size(frame.width, frame.height, 0, pixel_aspect)
    scale = min(1.0, 2 * WIDTH / min(width, height))
    across, down = max(2, round(width * scale)), max(2, round(height * scale))
    wide = hdr.kind(frame)
    small = frame.reformat(
        width=across,
        height=down,
        format=hdr.FORMAT if wide else "rgb24",
        src_colorspace=guessed(frame, bool(wide)) if frame.colorspace == UNSPECIFIED else None,
        dst_color_range="JPEG" if wide else None,
        interpolation="BICUBIC",
    )
    if wide:
        small = hdr.Mapper(wide, across, down).map(small).reformat(format="rgb24")
    image = Image.fromarray(small.to_ndarray())
    turn = TURNS.get(frame.rotation % 360)
    return image.transpose(turn) if turn is not None else image


def guessed(frame: Any, wide: bool) -> str | None:
    """The matrix of footage that does not say it: BT.709 from 720 lines on, as players guess."""
    return "BT2020" if wide else "ITU709" if frame.height >= 720 else None


def display_size(width: int, height: int, rotation: int, pixel_aspect: float) -> tuple[int, int]:
    """The size as which a player shows it."""
    wide = max(1, round(width * pixel_aspect))
    return (height, wide) if rotation % 180 == 90 else (wide, height)


TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
"""Degrees against the clock."""
