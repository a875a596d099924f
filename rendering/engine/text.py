"""Texts and shapes as bitmaps: bundled fonts, shaped with Raqm, fitted to their box. Drawn once, blended often."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

from rendering.engine.planes import Array, Bitmap, as_bytes, from_rgba
from rendering.engine.timeline import ShapeLayer, TextLayer
from rendering.engine.typeset import Block, complaints, set_text

Floats = npt.NDArray[np.float32]

PLATE_PAD = (0.55, 0.30)
"""Around the lines, in type sizes: sideways, up and down."""
PLATE_RADIUS = 0.28
SHADOW_BLUR = 0.10
SHADOW_DROP = 0.05


@lru_cache(maxsize=32)
def draw(layer: TextLayer) -> Bitmap:
    """A text layer's bitmap at its place in the frame."""
    pad = PLATE_PAD if layer.plate else (0.0, 0.0)
    block = set_text(layer, pad)
    if not block.lines:
        return from_rgba(np.zeros((2, 2, 4), np.uint8), int(layer.box[0]), int(layer.box[1]))
    margin = int(block.size) + 2
    left, top = place(layer, block, pad)
    x, y = int(left) - margin, int(top) - margin
    width, height = int(block.width) + 2 * margin + 2, int(block.height) + 2 * margin + 2
    glyphs, emoji = Image.new("L", (width, height)), Image.new("RGBA", (width, height))
    pen = ImageDraw.Draw(glyphs)
    for number, line in enumerate(block.lines):
        across = left - x + aside(layer, line.level) * (block.width - line.width)
        line.draw(pen, emoji, across, top - y + block.ascent + number * block.advance)
    layers: list[tuple[tuple[int, ...], Floats]] = []
    if layer.plate:
        sideways, up = pad[0] * block.size, pad[1] * block.size
        box = (left - x - sideways, top - y - up, block.width + 2 * sideways, block.height + 2 * up)
        layers.append((colour(layer.plate), rounded_box((width, height), box, PLATE_RADIUS * block.size)))
    if layer.shadow:
        dark = ImageChops.lighter(glyphs, emoji.getchannel("A")).filter(
            ImageFilter.GaussianBlur(block.size * SHADOW_BLUR)
        )
        moved = Image.new("L", glyphs.size)
        moved.paste(dark, (0, round(block.size * SHADOW_DROP)))
        layers.append(((0, 0, 0, round(255 * min(layer.shadow, 1))), share(np.minimum(share(moved) * 1.6, 1) * 255)))
    layers.append((colour(layer.color), share(glyphs)))
    drawn = stacked(layers)
    if emoji.getbbox():
        faded = emoji.getchannel("A").point(lambda value: value * colour(layer.color)[3] // 255)
        emoji.putalpha(faded)
        drawn = np.asarray(Image.alpha_composite(Image.fromarray(drawn), emoji))
    return trimmed(drawn, x, y)


def warnings(layer: TextLayer) -> tuple[str, ...]:
    """What a person should know of how the text came out."""
    return complaints(layer, PLATE_PAD if layer.plate else (0.0, 0.0))


def place(layer: TextLayer, block: Block, pad: tuple[float, float]) -> tuple[float, float]:
    """Where the lines begin: the block in its box by `align` and `anchor`."""
    x, y, width, height = layer.box
    inner_x, inner_y = x + pad[0] * block.size, y + pad[1] * block.size
    free_x, free_y = width - block.width - 2 * pad[0] * block.size, height - block.height - 2 * pad[1] * block.size
    across = aside(layer, block.lines[0].level)
    down = {"top": 0.0, "middle": 0.5, "bottom": 1.0}[layer.anchor]
    return inner_x + free_x * across, inner_y + free_y * down


def aside(layer: TextLayer, level: int) -> float:
    """Where in the free room a line stands; `start` is where its paragraph begins."""
    ends = {"left": 0.0, "center": 0.5, "right": 1.0, "start": float(level % 2)}
    return ends[layer.align]


@lru_cache(maxsize=4)
def shape(layer: ShapeLayer) -> Bitmap:
    """A rectangle, with round corners or a gradient."""
    x, y = int(layer.box[0] // 1), int(layer.box[1] // 1)
    box = (layer.box[0] - x, layer.box[1] - y, layer.box[2], layer.box[3])
    width, height = max(int(np.ceil(box[0] + box[2])), 1), max(int(np.ceil(box[1] + box[3])), 1)
    cover = rounded_box((width, height), box, layer.radius)
    first = np.array(colour(layer.color), np.float32)
    if not layer.color_to:
        return from_rgba(bytes_of(np.broadcast_to(first, (height, width, 4)), cover), x, y)
    last = np.array(colour(layer.color_to), np.float32)
    across, down = np.meshgrid(np.linspace(0, 0.5, width), np.linspace(0, 0.5, height))
    part = (across + down).astype(np.float32)[..., None]
    grain = np.random.default_rng(1).random((height, width, 1), np.float32) - 0.5  # 8 bits alone would show bands
    return from_rgba(bytes_of(first + (last - first) * part + grain, cover), x, y)


def rounded(box: tuple[int, int, int, int], radius: float) -> Bitmap:
    """A white box with round corners, as a mask."""
    width, height = box[2:]
    cover = rounded_box((width, height), (0, 0, width, height), radius)
    return from_rgba(bytes_of(np.full((height, width, 4), 255, np.float32), cover), box[0], box[1])


def rounded_box(size: tuple[int, int], box: tuple[float, float, float, float], radius: float) -> Floats:
    """How much (0–1) of each pixel lies in the box, by its distance from the edge."""
    half_x, half_y = box[2] / 2, box[3] / 2
    radius = min(radius, half_x, half_y)
    across = np.abs(np.arange(size[0], dtype=np.float32) + 0.5 - box[0] - half_x) - (half_x - radius)
    down = np.abs(np.arange(size[1], dtype=np.float32) + 0.5 - box[1] - half_y) - (half_y - radius)
    outside = np.hypot(np.maximum(across, 0)[None, :], np.maximum(down, 0)[:, None])
    inside = np.minimum(np.maximum(across[None, :], down[:, None]), 0)
    cover: Floats = np.clip(0.5 - (outside + inside - radius), 0, 1).astype(np.float32)
    return cover


def stacked(layers: list[tuple[tuple[int, ...], Floats]]) -> Array:
    """Coloured masks, the lowest first, as one RGBA picture (not premultiplied)."""
    height, width = layers[0][1].shape
    rgb, alpha = np.zeros((height, width, 3), np.float32), np.zeros((height, width, 1), np.float32)
    for tint, mask in layers:
        over = mask[..., None] * np.float32(tint[3] / 255)
        rgb = np.array(tint[:3], np.float32) * over + rgb * (1 - over)
        alpha = over + alpha * (1 - over)
    plain = rgb / np.maximum(alpha, 1e-6)
    return as_bytes(np.concatenate([plain, alpha * 255], axis=2))


def trimmed(rgba: Array, x: int, y: int) -> Bitmap:
    """Without its empty edges."""
    rows, columns = np.flatnonzero(rgba[..., 3].any(axis=1)), np.flatnonzero(rgba[..., 3].any(axis=0))
    if not len(rows):
        return from_rgba(rgba[:2, :2], x, y)
    top, left = int(rows[0]), int(columns[0])
    return from_rgba(rgba[top : rows[-1] + 1, left : columns[-1] + 1], x + left, y + top)


def bytes_of(rgba: npt.NDArray[Any], cover: Floats) -> Array:
    filled = np.array(rgba, np.float32)
    filled[..., 3] *= cover
    return as_bytes(filled)


def share(mask: Any) -> Floats:
    scaled: Floats = np.asarray(mask, np.float32) / np.float32(255)
    return scaled


def colour(name: str) -> tuple[int, ...]:
    """#rrggbb or #rrggbbaa as four numbers."""
    rgb = ImageColor.getrgb(name)
    return rgb if len(rgb) == 4 else (*rgb, 255)
