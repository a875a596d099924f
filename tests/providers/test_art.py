"""The local provider's pictures: good for any size, the same everywhere, and never twice alike."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from rendering.providers import likeness
from rendering.providers.base import ProviderError
from rendering.providers.local import LocalProvider, art
from rendering.providers.local.dice import Dice
from rendering.providers.local.palettes import HINTS, PALETTES

PROVIDER = LocalProvider()
RATIOS = {"16:9": (320, 180), "9:16": (180, 320), "1:1": (200, 200), "4:5": (160, 200), "21:9": (336, 144)}
SCENES = (
    "The old harbour at dawn", "Fishermen unload the catch", "The baker opens his door", "The ferry is late again",
    "Children on the sea wall", "Gulls", "Gulls again", "Rain over the roofs", "A letter from home", "The last bus",
    "Data flows in", "Servers hum at night", "Our plan in numbers", "The team at work", "A new idea", "Ship it",
    "Up the mountain", "Across the desert", "Through the forest", "Under the stars", "Along the river", "Into the city",
    "Spring", "Summer", "Autumn", "Winter", "Music in the park", "Coffee and cake", "A game of chess", "The long road",
    "日本の朝", "صباح الخير", "Утро в порту", "Καλημέρα", "बंदरगाह की सुबह", "🎉", "1", "2", "3", "Thank you",
    "The market at noon", "An empty chair",
)  # fmt: skip

AGAIN = """
import hashlib
from rendering.providers.local import art
from rendering.providers.local.dice import Dice
for style in art.STYLES:
    canvas = art.paint("the same words", style, art.STYLES[style].palettes[3], 300, 200)
    print(style, hashlib.sha256(canvas.image(Dice("grain")).tobytes()).hexdigest())
"""


def made(tmp_path: Path, prompt: str, width: int = 320, height: int = 180, avoid: tuple[str, ...] = ()) -> bytes:
    path = tmp_path / "picture.jpg"
    PROVIDER.make_image(prompt, width, height, path, avoid=avoid)
    return path.read_bytes()


def test_the_same_words_give_the_same_bytes(tmp_path: Path) -> None:
    first = made(tmp_path, "The old harbour at dawn")
    assert made(tmp_path, "The old harbour at dawn") == first
    assert made(tmp_path, "  the old HARBOUR\nat dawn ") == first
    assert made(tmp_path, "The new harbour at dawn") != first


def test_another_machine_draws_the_same_pixels() -> None:
    """NumPy without the processor's vector units stands for the other machine."""
    root = Path(__file__).parents[2]
    plain = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root)}
    others = [plain, plain | {"PYTHONHASHSEED": "7", "NPY_DISABLE_CPU_FEATURES": "X86_V4 X86_V3"}]
    seen = [
        subprocess.run([sys.executable, "-c", AGAIN], env=env, capture_output=True, text=True, check=True).stdout
        for env in others
    ]
    assert seen[0] == seen[1]
    assert len(seen[0].splitlines()) == len(art.STYLES)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_every_ratio_gives_a_picture_of_exactly_that_size(tmp_path: Path, ratio: str, suffix: str) -> None:
    path = tmp_path / f"picture.{suffix}"
    PROVIDER.make_image("The tide comes in", *RATIOS[ratio], path)
    with Image.open(path) as picture:
        assert picture.size == RATIOS[ratio]
        assert picture.mode == "RGB"
        assert picture.format == {"jpg": "JPEG", "png": "PNG"}[suffix]


@pytest.mark.parametrize("style", art.STYLES)
def test_every_style_draws_something_to_look_at_at_any_size(style: str) -> None:
    for size in ((97, 41), (90, 160)):
        picture = art.paint("words", style, art.STYLES[style].palettes[0], *size).image(Dice("grain"))
        levels = np.asarray(picture.convert("L"), dtype=float)
        assert picture.size == size
        assert levels.std() > 8, "it has light and shade"
        assert 12 < levels.mean() < 245


def test_a_picture_is_the_same_picture_at_every_size() -> None:
    for style in art.STYLES:
        small, large = (
            art.paint("tide", style, art.STYLES[style].palettes[1], w, h) for w, h in ((160, 90), (640, 360))
        )
        hashes = [likeness.of(canvas.image(Dice("grain"))) for canvas in (small, large)]
        assert likeness.distance(*hashes) < likeness.TOO_ALIKE, style


def test_soft_gradients_have_no_bands() -> None:
    sky = np.asarray(art.paint("calm", "dunes", "lagoon", 480, 270).image(Dice("grain")))[:40].astype(int)
    runs = (np.diff(sky, axis=1) == 0).mean()
    assert runs < 0.5, "neighbours differ by grain and dither, so no flat steps are seen"


def test_forty_scenes_of_one_storyboard_look_like_forty_pictures(tmp_path: Path) -> None:
    seen: list[str] = []
    for number, scene in enumerate(SCENES):
        result = PROVIDER.make_image(scene, 160, 90, tmp_path / f"{number}.jpg", avoid=seen)
        seen.append(result.likeness)
    apart = [likeness.distance(one, other) for one, other in combinations(seen, 2)]
    assert len(seen) >= 40
    assert min(apart) >= likeness.TOO_ALIKE


def test_the_same_words_twice_in_a_storyboard_give_two_pictures(tmp_path: Path) -> None:
    seen: list[str] = []
    for _ in range(12):
        seen.append(PROVIDER.make_image("sea", 160, 90, tmp_path / "sea.jpg", avoid=seen).likeness)
    assert min(likeness.distance(one, other) for one, other in combinations(seen, 2)) >= likeness.TOO_ALIKE


def test_likeness_forgives_what_eyes_forgive(tmp_path: Path) -> None:
    PROVIDER.make_image("Evening on the lake", 640, 360, tmp_path / "one.png")
    with Image.open(tmp_path / "one.png") as picture:
        original = likeness.of(picture)
        picture.save(tmp_path / "poor.jpg", quality=40)
        smaller, lighter = picture.resize((320, 180)), ImageEnhance.Brightness(picture).enhance(1.05)
        turned = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).rotate(180)
    for copy in (likeness.of(tmp_path / "poor.jpg"), likeness.of(smaller), likeness.of(lighter)):
        assert likeness.distance(original, copy) < likeness.TOO_ALIKE / 2
    assert likeness.distance(original, original) == 0
    assert likeness.distance(original, likeness.of(turned)) > likeness.TOO_ALIKE
    assert likeness.nearest(original, []) == 1


def test_words_call_for_a_style_and_a_palette() -> None:
    assert art.choose("A boat sails over the sea", 160, 90, [])[0] == "sea"
    assert art.choose("Software servers and data", 160, 90, []) == ("isometric", "cobalt")
    assert art.choose("A forest full of pine trees", 160, 90, []) == ("forest", "pine")
    assert art.hits("Dreams, waves and SEAS", ("sea", "wave")) == 2
    assert set(HINTS) == set(PALETTES)


def test_it_says_that_it_is_local_and_costs_nothing(tmp_path: Path) -> None:
    result = PROVIDER.make_image("Tea", 64, 64, tmp_path / "tea.jpg")
    assert (result.provider, result.model, result.cost) == ("local", "local/art-1", Decimal("0"))
    assert (result.quantity, result.unit) == (1, "image")
    assert not PROVIDER.paid


def test_a_size_that_cannot_be_drawn_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="8192") as error:
        PROVIDER.make_image("too large", 9000, 100, tmp_path / "x.jpg")
    assert (error.value.code, error.value.permanent) == ("provider_failed", True)
