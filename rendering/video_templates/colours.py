"""Colours that can be read: contrast as WCAG 2 defines it, and shades of a brand's colour."""

from __future__ import annotations

WHITE = "#ffffff"
INK = "#0e1320"
READABLE = 4.5
"""The least contrast for text that WCAG AA asks for."""


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black on white)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    red, green, blue = (linear(channel / 255) for channel in channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def mix(color: str, other: str, part: float) -> str:
    """`color` with `part` (0–1) of the other in it."""
    mixed = (round(a + (b - a) * part) for a, b in zip(channels(color), channels(other), strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def ground(brand: str) -> tuple[str, str, str]:
    """A gradient in the brand's colour and the ink for text on it: (from, to, ink), readable on both ends."""
    if contrast(brand, INK) >= READABLE > contrast(brand, WHITE):
        return mix(brand, WHITE, 0.25), brand, INK
    color = brand
    while contrast(color, WHITE) < READABLE:
        color = mix(color, INK, 0.08)
    return color, mix(color, INK, 0.55), WHITE


def readable(color: str, background: str) -> str:
    """The colour, as far darkened or lightened as text on this background needs."""
    towards = INK if luminance(background) > 0.18 else WHITE
    part = 0.0
    while contrast(mix(color, towards, part), background) < READABLE and part < 1:
        part += 0.05
    return mix(color, towards, min(part, 1.0))
