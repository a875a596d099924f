"""Planes: true colours, chroma in its place, blending inside the box alone."""

import numpy as np
import pytest

from rendering.engine.planes import (
    Bitmap,
    Planes,
    blend,
    color,
    fade,
    from_rgb,
    from_rgba,
    mix,
    shifted,
    to_rgb,
)

WHITE, BLACK = (235, 128, 128), (16, 128, 128)


def plain(rgb, size=(32, 16)):
    return np.full((size[1], size[0], 3), rgb, np.uint8)


def canvas(ycbcr=BLACK, size=(32, 16)):
    planes = Planes.blank(*size)
    planes.fill(ycbcr)
    return planes


@pytest.mark.parametrize(
    ("rgb", "ycbcr"),
    [
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
        ((255, 255, 255), WHITE),
        ((0, 0, 0), BLACK),
        ((128, 128, 128), (126, 128, 128)),
    ],
)
def test_colours_are_those_of_bt709_in_limited_range(rgb, ycbcr):
    assert color(rgb) == ycbcr
    assert np.abs(to_rgb(from_rgb(plain(rgb))).astype(int) - rgb).max() <= 2


def test_random_colours_come_back_within_3():
    colours = np.random.default_rng(7).integers(0, 256, (50, 3))
    for rgb in colours:
        assert np.abs(to_rgb(from_rgb(plain(rgb))).astype(int) - rgb).max() <= 3


def test_chroma_lies_on_even_columns_and_between_rows():
    """A step from grey to red at column 8: the chroma sample on column 8 sees half a neighbour of grey, no more."""
    step = plain((128, 128, 128))
    step[:, 8:] = (255, 0, 0)
    red, grey = color((255, 0, 0))[2], 128
    assert from_rgb(step).v[3, :7].tolist() == [grey] * 4 + [round(grey + (red - grey) * 0.75), red, red]
    rows = plain((128, 128, 128))
    rows[5:] = (255, 0, 0)
    assert from_rgb(rows).v[:4, 3].tolist() == [grey, grey, (grey + red) // 2, red]


def test_blending_touches_nothing_outside_the_box():
    below = canvas()
    blend(below, from_rgba(np.full((3, 5, 4), 255, np.uint8), 7, 5))
    lit = np.argwhere(below.y > 16)
    assert (lit.min(axis=0).tolist(), lit.max(axis=0).tolist()) == ([5, 7], [7, 11])
    assert (below.y[5:8, 7:12] == 235).all()


@pytest.mark.parametrize(("opacity", "luma"), [(1.0, 126), (0.5, 71), (0.0, 16)])
def test_half_transparent_white_over_black_is_half_as_bright(opacity, luma):
    below = canvas()
    half = np.full((16, 32, 4), 255, np.uint8)
    half[..., 3] = 128
    blend(below, from_rgba(half), opacity)
    assert np.abs(below.y.astype(int) - luma).max() <= 1
    assert np.abs(below.u.astype(int) - 128).max() <= 1


def test_bitmaps_partly_outside_are_cut():
    for x, y in ((-3, -5), (27, 13), (-40, 0), (0, 99)):
        below = canvas()
        blend(below, from_rgba(np.full((8, 8, 4), 255, np.uint8), x, y))
        inside = max(0, min(x + 8, 32) - max(x, 0)) * max(0, min(y + 8, 16) - max(y, 0))
        assert (below.y == 235).sum() == inside


def test_shifts_by_parts_of_a_pixel_move_the_centre_by_as_much():
    spot = np.zeros((4, 4, 4), np.uint8)
    spot[..., :] = 255
    for dx, dy in ((0.5, 0.25), (1.75, -3.5), (-2.0, 4.0)):
        below = canvas()
        blend(below, shifted(from_rgba(spot, 12, 6), dx, dy))
        weight = below.y.astype(float) - 16
        rows, columns = np.indices(weight.shape)
        assert (columns * weight).sum() / weight.sum() == pytest.approx(13.5 + dx, abs=0.05)
        assert (rows * weight).sum() / weight.sum() == pytest.approx(7.5 + dy, abs=0.05)


def test_mixing_and_fading_are_linear():
    light, dark, out = canvas((235, 90, 200)), canvas((16, 128, 128)), canvas()
    mix(dark, light, out, 0.25)
    assert (int(out.y[0, 0]), int(out.u[0, 0]), int(out.v[0, 0])) == (71, 118, 146)
    fade(light, out, 0.0)
    assert (int(out.y[0, 0]), int(out.u[0, 0]), int(out.v[0, 0])) == BLACK


def test_opaque_bitmaps_are_copied_exactly():
    picture = from_rgb(np.random.default_rng(3).integers(0, 256, (16, 32, 3)).astype(np.uint8))
    below = canvas()
    blend(below, Bitmap(picture))
    assert all((a == b).all() for a, b in zip(below.each(), picture.each(), strict=True))
