"""Pictures from words: a style and a palette that fit them, drawn the same way on every machine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from rendering.providers import likeness
from rendering.providers.base import ProviderError
from rendering.providers.local.canvas import Canvas
from rendering.providers.local.dice import Dice, plain
from rendering.providers.local.palettes import HINTS, PALETTES, Palette
from rendering.providers.local.styles import (
    aurora,
    bauhaus,
    botanical,
    contours,
    dunes,
    flow,
    forest,
    houses,
    isometric,
    orbits,
    papercut,
    ribbons,
    ridges,
    sea,
    skyline,
)

MODEL = "local/art-1"
SMALLEST, LARGEST = 16, 8192
TRIES = 40
MARGIN = 0.05
"""The choice is made on a small preview, whose likeness differs from the picture's by less than this."""
NIGHTS = tuple(name for name, palette in PALETTES.items() if palette.night)
DAYS = tuple(name for name, palette in PALETTES.items() if not palette.night)


@dataclass(frozen=True)
class Style:
    """A way to draw, the words that call for it, and the palettes that suit it."""

    draw: Callable[[Canvas, Palette, Dice], None]
    hints: tuple[str, ...]
    palettes: tuple[str, ...] = (*NIGHTS, *DAYS)


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


STYLES: dict[str, Style] = {
    "aurora": Style(aurora.draw, words("aurora north northern wonder magic sky winter polar signal dream"), NIGHTS),
    "bauhaus": Style(
        bauhaus.draw, words("design poster art colour color shape school brand team print studio play game")
    ),
    "botanical": Style(
        botanical.draw, words("flower plant garden herb leaf tea spring grow bloom nature seed bee"), DAYS
    ),
    "contours": Style(contours.draw, words("map travel route path tour journey plan walk height survey trail way")),
    "dunes": Style(dunes.draw, words("desert sand dune dry camel heat sahara wind silence horizon")),
    "flow": Style(
        flow.draw, words("music wind current song stream network time dance voice sound river thread breath")
    ),
    "forest": Style(forest.draw, words("forest wood tree pine moss hike wild deer fog mist wolf timber")),
    "houses": Style(
        houses.draw,
        words("town street village house home quay market bakery baker cafe window neighbour shop door harbour"),
    ),
    "isometric": Style(
        isometric.draw,
        words("data code server software build system product box stock cloud computer warehouse block api"),
    ),
    "orbits": Style(
        orbits.draw, words("space planet star world science future idea orbit universe moon robot sun physics")
    ),
    "papercut": Style(
        papercut.draw, words("deep story layer child cave dream heart cut paper secret inside coffee cup")
    ),
    "ribbons": Style(ribbons.draw, words("silk smooth milk soft warm fashion cream gentle calm fabric hair wave")),
    "ridges": Style(
        ridges.draw,
        words("mountain hill lake valley alpine summit ridge hike peak morning dawn sunrise sunset evening"),
    ),
    "sea": Style(
        sea.draw,
        words(
            "sea ocean boat sail harbour harbor lighthouse wave coast fish ferry island gull beach ship tide net water"
        ),
    ),
    "skyline": Style(
        skyline.draw,
        words("city urban office tower metropolis business traffic building night skyline downtown company"),
    ),
}


def draw(prompt: str, width: int, height: int, path: Path, avoid: Collection[str] = ()) -> str:
    """Draw the picture of these words into `path` (.jpg or .png); gives its likeness."""
    if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
        raise ProviderError(f"A picture of {width}×{height} can't be drawn: {SMALLEST} to {LARGEST} pixels a side.")
    style, palette = choose(prompt, width, height, avoid)
    picture = paint(prompt, style, palette, width, height).save(path, chance(prompt, style, palette))
    return f"{likeness.of(picture)}:{style}:{palette}"


def choose(prompt: str, width: int, height: int, avoid: Collection[str]) -> tuple[str, str]:
    """The best fitting style and palette whose picture looks like none of the others; else the least alike."""
    best, furthest = ("", ""), -1.0
    unit = 120 / min(width, height)
    for number, (style, palette) in enumerate(ranked(prompt, avoid)):
        if not avoid:
            return style, palette
        preview = paint(prompt, style, palette, round(width * unit), round(height * unit))
        found = likeness.nearest(likeness.of(preview.image(Dice("preview"), grain=0)), avoid)
        if found >= likeness.TOO_ALIKE + MARGIN:
            return style, palette
        if found > furthest:
            best, furthest = (style, palette), found
        if number == TRIES:
            break
    return best


def ranked(prompt: str, avoid: Collection[str]) -> Iterator[tuple[str, str]]:
    """Styles with palettes, the fitting ones first, those that were used already last."""
    dice = Dice(MODEL, prompt, "rank")
    used = [name for one in avoid for name in one.split(":")[1:]]
    styles = {name: score(prompt, style.hints, used.count(name), dice) for name, style in STYLES.items()}
    palettes = {name: score(prompt, HINTS[name], used.count(name), dice) for name in PALETTES}
    pairs = [(style, palette) for style in STYLES for palette in STYLES[style].palettes]
    order = {pair: styles[pair[0]] * 1.5 + palettes[pair[1]] + dice.number() * 0.2 for pair in pairs}
    return iter(sorted(pairs, key=lambda pair: -order[pair]))


def score(prompt: str, hints: Collection[str], uses: int, dice: Dice) -> float:
    return min(2, hits(prompt, hints)) * 1.6 - uses * 1.5 + dice.number()


def hits(prompt: str, hints: Collection[str]) -> int:
    """How many of the prompt's words a list of hints knows; a plural or another ending counts too."""
    spoken = "".join(letter if letter.isalnum() else " " for letter in plain(prompt)).split()
    return sum(
        any(word == hint or (len(hint) > 3 and word.startswith(hint)) or word == hint + "s" for hint in hints)
        for word in spoken
    )


def paint(prompt: str, style: str, palette: str, width: int, height: int) -> Canvas:
    canvas = Canvas(width, height)
    STYLES[style].draw(canvas, PALETTES[palette], chance(prompt, style, palette))
    return canvas


def chance(prompt: str, style: str, palette: str) -> Dice:
    return Dice(MODEL, prompt, style, palette)
