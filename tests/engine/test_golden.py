"""Texts in every script look as they did when a person last looked at them."""

import numpy as np
import pytest
from PIL import Image, features

from tests.engine.golden import FOLDER, TEXTS, picture

MEAN, WORST = 1.5, 60
"""Of 255: over all pixels, and in any block of 4 × 4. Another FreeType hints a little differently."""
shaped = pytest.mark.skipif(not features.check("raqm"), reason="this Pillow has no Raqm")


@shaped
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_text_looks_as_it_should(name: str) -> None:
    drawn = np.asarray(picture(name), float)
    golden = np.asarray(Image.open(FOLDER / f"{name}.png").convert("RGB"), float)
    assert drawn.shape == golden.shape
    difference = np.abs(drawn - golden).mean(axis=2)
    blocks = difference.reshape(drawn.shape[0] // 4, 4, drawn.shape[1] // 4, 4).mean(axis=(1, 3))
    assert (difference.mean() < MEAN, blocks.max() < WORST) == (True, True), (difference.mean(), blocks.max())


def test_the_pictures_are_small_and_each_has_its_text() -> None:
    files = list(FOLDER.glob("*.png"))
    assert {file.stem for file in files} == set(TEXTS)
    assert sum(file.stat().st_size for file in files) < 300_000


@shaped
def test_a_wrong_order_of_letters_would_be_seen() -> None:
    """The tolerance is narrower than what one turned word changes."""
    golden = np.asarray(Image.open(FOLDER / "hebrew.png").convert("RGB"), float)
    turned = golden.copy()
    turned[40:80, 150:250] = turned[40:80, 150:250][:, ::-1]
    blocks = np.abs(turned - golden).mean(axis=2).reshape(30, 4, 100, 4).mean(axis=(1, 3))
    assert blocks.max() > WORST
