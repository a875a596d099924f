"""Pictures cut to a frame's shape, whatever both their sizes are."""

import random

from PIL import Image

from rendering.engine import images


def test_a_picture_of_any_size_covers_a_frame_of_any_size():
    dice = random.Random(7)
    sizes = [((241, 125), (24, 88))]
    sizes += [
        ((dice.randint(1, 300), dice.randint(1, 300)), (2 * dice.randint(1, 60), 2 * dice.randint(1, 60)))
        for _ in range(500)
    ]
    for picture, frame in sizes:
        covered = images.cover(Image.new("RGB", picture, "#336699"), frame)
        assert covered.size == frame
        assert covered.getextrema() == ((0x33, 0x33), (0x66, 0x66), (0x99, 0x99))
