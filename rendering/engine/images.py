"""Stills: decoded within limits, cut and scaled to what is shown, turned into planes once and kept while warm."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from rendering.engine.errors import MediaProcessingFailed
from rendering.engine.planes import Bitmap, even, from_rgb, from_rgba
from rendering.engine.timeline import Fit
from rendering.engine.warp import Source

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = 36_000_000
LONGEST_SIDE = 8192
CACHE_BYTES = 192 * 1024**2
BACKDROP_BLUR = 0.04
"""Of the frame's width."""
BACKDROP_LIGHT = 0.65

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


class Kept:
    """The sources used last, up to a number of bytes."""

    def __init__(self, most: int = CACHE_BYTES) -> None:
        self.most = most
        self.bytes = 0
        self.sources: OrderedDict[Hashable, Source] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Source]) -> Source:
        if key in self.sources:
            self.sources.move_to_end(key)
            return self.sources[key]
        source = self.sources[key] = make()
        self.bytes += source.nbytes
        while self.bytes > self.most and len(self.sources) > 1:
            _, oldest = self.sources.popitem(last=False)
            self.bytes -= oldest.nbytes
        return source


KEPT = Kept()


def source(
    path: Path,
    sha256: str,
    size: tuple[int, int],
    fit: Fit = "cover",
    backdrop: bool = True,
    safe: tuple[float, float] = (1.0, 1.0),
) -> Source:
    """The picture as a source of exactly `size` pixels. With `contain` all of it lies in the central `safe` share."""
    key = (sha256, size, fit, backdrop, safe)
    return KEPT.get(key, lambda: Source.of(bitmap(path, sha256, size, fit, backdrop, safe)))


def bitmap(
    path: Path, sha256: str, size: tuple[int, int], fit: Fit, backdrop: bool, safe: tuple[float, float]
) -> Bitmap:
    width, height = even(size[0]), even(size[1])
    try:
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS or max(image.size) > LONGEST_SIDE:
                raise MediaProcessingFailed(f"The picture {sha256[:12]} is larger than 36 megapixels or 8192 pixels.")
            size = width, height
            drawn = cover(image, size) if fit == "cover" else contain(image, size, backdrop, safe)
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        MemoryError,
    ) as error:
        raise MediaProcessingFailed(f"The picture {sha256[:12]} cannot be decoded.") from error
    if drawn.mode == "RGB":
        return Bitmap(from_rgb(np.asarray(drawn)))
    return from_rgba(np.asarray(drawn))


def cover(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The largest central part with the shape of `size`, scaled to it."""
    turned = upright(image, size)
    scale = max(size[0] / turned.width, size[1] / turned.height)
    # A rounding error over the edge is an error to Pillow.
    seen = min(size[0] / scale, turned.width), min(size[1] / scale, turned.height)
    left, top = (turned.width - seen[0]) / 2, (turned.height - seen[1]) / 2
    box = (left, top, turned.width - left, turned.height - top)
    return turned.resize(size, Image.Resampling.BICUBIC, box, reducing_gap=3)


def contain(
    image: Image.Image, size: tuple[int, int], backdrop: bool, safe: tuple[float, float] = (1.0, 1.0)
) -> Image.Image:
    """All of the picture, in the middle; around it a dark blur of itself, or nothing."""
    turned = upright(image, size)
    scale = min(size[0] * safe[0] / turned.width, size[1] * safe[1] / turned.height)
    fitted = max(1, round(turned.width * scale)), max(1, round(turned.height * scale))
    front = turned.resize(fitted, Image.Resampling.BICUBIC, reducing_gap=3)
    place = (size[0] - fitted[0]) // 2, (size[1] - fitted[1]) // 2
    if not backdrop:
        empty = Image.new("RGBA", size)
        empty.paste(front, place)
        return empty
    behind = blurred(turned.convert("RGB"), size)
    behind.paste(front, place, front if front.mode == "RGBA" else None)
    return behind


def blurred(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A dark blur that fills `size`; made small, since nothing fine is left in it."""
    small = cover(image, (max(2, size[0] // 8), max(2, size[1] // 8)))
    soft = small.filter(ImageFilter.GaussianBlur(small.width * BACKDROP_BLUR))
    return soft.point(lambda value: value * BACKDROP_LIGHT).resize(size, Image.Resampling.BICUBIC)


def upright(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Decoded, as RGB or RGBA, turned as its EXIF orientation says; a JPEG no finer than needed for `size`."""
    longest = max(size)
    image.draft("RGB", (longest, longest))
    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I"):  # 16 bits of grey
        deep = np.asarray(turned, np.float32) / 257
        turned = Image.fromarray(np.clip(deep + 0.5, 0, 255).astype(np.uint8))
    transparent = turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info
    wanted = "RGBA" if transparent else "RGB"
    return turned if turned.mode == wanted else turned.convert(wanted)
