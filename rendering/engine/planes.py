"""Y'CbCr 4:2:0 frames, BT.709, limited range, chroma sited left: convert, warp, blend, fade. Everything in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]

KR, KB = 0.2126, 0.0722
KG = 1 - KR - KB
TO_Y = np.array([[KR, KG, KB]], np.float32) * (219 / 255)
TO_CHROMA = np.array(
    [
        [-KR / (2 - 2 * KB), -KG / (2 - 2 * KB), 0.5],
        [0.5, -KG / (2 - 2 * KR), -KB / (2 - 2 * KR)],
    ],
    np.float32,
) * (224 / 255)
BLACK, GREY = 16, 128


@dataclass(frozen=True)
class Planes:
    """Three arrays of 8 bits; chroma has half the width and half the height."""

    y: Array
    u: Array
    v: Array

    @classmethod
    def blank(cls, width: int, height: int) -> Planes:
        half = (height // 2, width // 2)
        planes = cls(np.empty((height, width), np.uint8), np.empty(half, np.uint8), np.empty(half, np.uint8))
        planes.fill((BLACK, GREY, GREY))
        return planes

    @classmethod
    def of(cls, frame: Any) -> Planes:
        """The memory of a PyAV frame (yuv420p) itself: what is drawn here is what gets encoded."""
        y, u, v = (
            np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
            for plane in frame.planes
        )
        return cls(y, u, v)

    @property
    def width(self) -> int:
        return int(self.y.shape[1])

    @property
    def height(self) -> int:
        return int(self.y.shape[0])

    def view(self, x: int, y: int, width: int, height: int) -> Planes:
        """A part of the frame, sharing its memory; all four numbers are even."""
        x2, y2, right, bottom = x // 2, y // 2, (x + width) // 2, (y + height) // 2
        return Planes(self.y[y : y + height, x : x + width], self.u[y2:bottom, x2:right], self.v[y2:bottom, x2:right])

    def fill(self, color: tuple[int, int, int]) -> None:
        self.y[:], self.u[:], self.v[:] = color

    def put(self, other: Planes) -> None:
        """Copy another frame of the same size over this one."""
        np.copyto(self.y, other.y)
        np.copyto(self.u, other.u)
        np.copyto(self.v, other.v)

    def each(self) -> tuple[Array, Array, Array]:
        return self.y, self.u, self.v


@dataclass(frozen=True)
class Bitmap:
    """A picture with its place and its transparency. Colours are premultiplied; place and size are even."""

    planes: Planes
    alpha: Array | None = None
    """None: opaque throughout."""
    alpha_chroma: Array | None = None
    x: int = 0
    y: int = 0

    def alphas(self) -> tuple[Array, Array, Array]:
        if self.alpha is None or self.alpha_chroma is None:
            full = np.full_like(self.planes.y, 255)
            half = np.full_like(self.planes.u, 255)
            return full, half, half
        return self.alpha, self.alpha_chroma, self.alpha_chroma

    def moved(self, x: int, y: int) -> Bitmap:
        return Bitmap(self.planes, self.alpha, self.alpha_chroma, x, y)


def from_rgb(rgb: Array) -> Planes:
    """RGB of even size to planes."""
    offset = np.array([[GREY], [GREY]], np.float32)
    chroma = cv2.transform(halved(rgb), np.hstack([TO_CHROMA, offset]))
    luma = cv2.transform(rgb, np.hstack([TO_Y, np.array([[BLACK]], np.float32)]))
    return Planes(luma, *cv2.split(chroma))


def halved(rgb: Array) -> Array:
    """The same as `at_chroma` for bytes: the mean of two halvings, one of them a column to the left, is 1-2-1."""
    size = rgb.shape[1] // 2, rgb.shape[0] // 2
    left = cv2.copyMakeBorder(rgb[:, :-1], 0, 0, 1, 0, cv2.BORDER_REPLICATE)
    first, second = (cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (left, rgb))
    return cv2.addWeighted(first, 0.5, second, 0.5, 0)  # type: ignore[no-any-return]


def from_rgba(rgba: Array, x: int = 0, y: int = 0) -> Bitmap:
    """RGBA (not premultiplied) of any size at any place to a bitmap; the edge is padded to even numbers."""
    height, width = rgba.shape[:2]
    left, top = x % 2, y % 2
    padded = np.zeros((even(height + top), even(width + left), 4), np.uint8)
    padded[top : top + height, left : left + width] = rgba
    alpha = padded[..., 3]
    weight = alpha.astype(np.float32)[..., None] / 255
    weight_chroma = at_chroma(weight)
    colour = padded[..., :3].astype(np.float32) * weight
    luma = cv2.transform(colour, TO_Y) + BLACK * weight[..., 0]
    chroma = cv2.transform(at_chroma(colour), TO_CHROMA) + GREY * weight_chroma[..., None]
    planes = Planes(rounded(luma), rounded(chroma[..., 0]), rounded(chroma[..., 1]))
    return Bitmap(planes, np.ascontiguousarray(alpha), rounded(weight_chroma * 255), x - left, y - top)


def to_rgb(planes: Planes) -> Array:
    """Planes back to RGB, chroma interpolated at its right place."""
    half_to_full = np.array([[0.5, 0, 0], [0, 0.5, -0.25]], np.float32)
    size = (planes.width, planes.height)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    u, v = (
        cv2.warpAffine(plane, half_to_full, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        for plane in (planes.u, planes.v)
    )
    offset = np.array([BLACK, GREY, GREY], np.float32)
    inverse = np.linalg.inv(np.vstack([TO_Y, TO_CHROMA]).astype(np.float64)).astype(np.float32)
    matrix = np.hstack([inverse, (-inverse @ offset)[:, None]])
    return cv2.transform(cv2.merge([planes.y, u, v]), matrix)  # type: ignore[no-any-return]


def color(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    """One colour as Y', Cb, Cr."""
    planes = from_rgb(np.full((2, 2, 3), rgb, np.uint8))
    return int(planes.y[0, 0]), int(planes.u[0, 0]), int(planes.v[0, 0])


def at_chroma(full: npt.NDArray[Any]) -> Floats:
    """Full-size samples at the places of chroma: on the even columns (1-2-1), midway between two rows."""
    rows = (full[0::2] + full[1::2]) * np.float32(0.5)
    left = np.concatenate([rows[:, :1], rows[:, 1:-1:2]], axis=1)
    mixed: Floats = rows[:, 0::2] * np.float32(0.5) + (left + rows[:, 1::2]) * np.float32(0.25)
    return mixed[..., 0] if mixed.ndim == 3 and mixed.shape[2] == 1 else mixed


def rounded(values: Floats) -> Array:
    return cv2.convertScaleAbs(np.maximum(values, 0))  # type: ignore[no-any-return]


def as_bytes(values: npt.NDArray[Any]) -> Array:
    """Rounded to 0–255; bytes stay as they are."""
    return values if values.dtype == np.uint8 else np.clip(values + 0.5, 0, 255).astype(np.uint8)


def even(length: int) -> int:
    return length + length % 2


def matrices(scale: tuple[float, float], offset: tuple[float, float]) -> tuple[Matrix, Matrix, Matrix]:
    """The same map for luma and for chroma, whose samples lie at luma's (2x, 2y + 0.5)."""
    (a, b), (x, y) = scale, offset
    luma = np.array([[a, 0, x], [0, b, y]], np.float64)
    chroma = np.array([[a, 0, x / 2], [0, b, (y + 0.5 * b - 0.5) / 2]], np.float64)
    return luma, chroma, chroma


def warp_plane(plane: Array, out: Array, matrix: Any, border: int, value: int = 0) -> None:
    size = (out.shape[1], out.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cv2.warpAffine(plane, matrix, size, dst=out, flags=flags, borderMode=border, borderValue=value)


def blend(canvas: Planes, bitmap: Bitmap, opacity: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> None:
    """Lay a bitmap over the canvas; only its own box is touched."""
    if shift != (0.0, 0.0):
        bitmap = shifted(bitmap, *shift)
    left, top = max(bitmap.x, 0), max(bitmap.y, 0)
    right = min(bitmap.x + bitmap.planes.width, canvas.width)
    bottom = min(bitmap.y + bitmap.planes.height, canvas.height)
    if opacity <= 0 or right <= left or bottom <= top:
        return
    inside = (left - bitmap.x, top - bitmap.y, right - left, bottom - top)
    source, target = bitmap.planes.view(*inside), canvas.view(left, top, right - left, bottom - top)
    if bitmap.alpha is None:
        mix(target, source, target, opacity)
        return
    cut = Planes(*bitmap.alphas()).view(*inside)
    for out, colour, alpha in zip(target.each(), source.each(), cut.each(), strict=True):
        rest = cv2.convertScaleAbs(alpha, alpha=-opacity, beta=255)
        over = colour if opacity >= 1 else cv2.convertScaleAbs(colour, alpha=opacity)
        cv2.multiply(out, rest, dst=out, scale=1 / 255)
        cv2.add(out, over, dst=out)


def shifted(bitmap: Bitmap, dx: float, dy: float) -> Bitmap:
    """The bitmap moved by any distance; what isn't a whole chroma sample is interpolated."""
    whole_x, whole_y = 2 * int(dx // 2), 2 * int(dy // 2)
    part_x, part_y = dx - whole_x, dy - whole_y
    x, y = bitmap.x + whole_x, bitmap.y + whole_y
    if part_x == part_y == 0:
        return bitmap.moved(x, y)
    width, height = bitmap.planes.width + 2, bitmap.planes.height + 2
    colours, alphas = Planes.blank(width, height), Planes.blank(width, height)
    maps = matrices((1, 1), (-part_x, -part_y))
    for plane, out, matrix in zip(bitmap.planes.each(), colours.each(), maps, strict=True):
        warp_plane(plane, out, matrix, cv2.BORDER_CONSTANT)
    for plane, out, matrix in zip(bitmap.alphas(), alphas.each(), maps, strict=True):
        warp_plane(plane, out, matrix, cv2.BORDER_CONSTANT)
    return Bitmap(colours, alphas.y, alphas.u, x, y)


def masked(bitmap: Bitmap, mask: Bitmap) -> Bitmap:
    """The bitmap where the mask (same size) is opaque."""
    cut = [cv2.multiply(p, m, scale=1 / 255) for p, m in zip(bitmap.planes.each(), mask.alphas(), strict=True)]
    alpha = [cv2.multiply(a, m, scale=1 / 255) for a, m in zip(bitmap.alphas(), mask.alphas(), strict=True)]
    return Bitmap(Planes(*cut), alpha[0], alpha[1], bitmap.x, bitmap.y)


def mix(first: Planes, second: Planes, target: Planes, part: float) -> None:
    """target = first · (1 − part) + second · part."""
    if part >= 1:
        target.put(second)
        return
    for a, b, out in zip(first.each(), second.each(), target.each(), strict=True):
        cv2.addWeighted(a, 1 - part, b, part, 0, dst=out)


def fade(source: Planes, target: Planes, light: float) -> None:
    """The picture at `light` (1 = as it is, 0 = black)."""
    for plane, out, dark in zip(source.each(), target.each(), (BLACK, GREY, GREY), strict=True):
        cv2.addWeighted(plane, light, plane, 0, dark * (1 - light), dst=out)
