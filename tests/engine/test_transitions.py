"""Transitions on planes: where each scene is seen, how bright, and that they begin and end softly."""

import numpy as np
import pytest

from rendering.engine.planes import Planes, from_rgb
from rendering.engine.transitions import TRANSITIONS

SIZE = (64, 32)


def scene(rgb):
    return from_rgb(np.full((SIZE[1], SIZE[0], 3), rgb, np.uint8))


def between(kind, part, before=None, after=None):
    out = Planes.blank(*SIZE)
    TRANSITIONS[kind](before or scene((255, 0, 0)), after or scene((0, 0, 255)), out, part)
    return out


def numbered():
    """A scene whose columns say where they are."""
    planes = Planes.blank(*SIZE)
    planes.y[:] = np.arange(SIZE[0]) + 20
    return planes


@pytest.mark.parametrize("kind", sorted(TRANSITIONS))
def test_all_begin_with_the_old_scene_and_end_with_the_new_one(kind):
    for part, rgb in ((0.0, (255, 0, 0)), (1.0, (0, 0, 255))):
        for plane, expected in zip(between(kind, part).each(), scene(rgb).each(), strict=True):
            assert (plane == expected).all()


def test_a_crossfade_is_half_of_both_in_the_middle():
    middle = between("crossfade", 0.5)
    for plane, a, b in zip(middle.each(), scene((255, 0, 0)).each(), scene((0, 0, 255)).each(), strict=True):
        assert abs(int(plane[0, 0]) - (int(a[0, 0]) + int(b[0, 0])) / 2) <= 0.5


def test_a_fade_through_black_is_black_in_the_middle():
    middle = between("fade_black", 0.5)
    assert (middle.y.max(), middle.u.max(), middle.v.min()) == (16, 128, 128)
    assert 16 < between("fade_black", 0.25).y[0, 0] < scene((255, 0, 0)).y[0, 0]


def test_a_wipe_uncovers_from_the_right_and_moves_nothing():
    wiped = between("wipe_left", 0.25, numbered(), scene((255, 255, 255)))
    assert wiped.y[0, :48].tolist() == list(range(20, 68))
    assert (wiped.y[:, 48:] == 235).all()


def test_a_slide_pushes_the_old_scene_out_to_the_left():
    slid = between("slide_left", 0.5, numbered(), numbered())
    assert slid.y[0].tolist() == [*range(52, 84), *range(20, 52)]


@pytest.mark.parametrize("kind", ["wipe_left", "slide_left"])
def test_edges_lie_on_whole_chroma_samples(kind):
    """Luma and chroma change at the same column at every step."""
    for step in range(1, 16):
        out = between(kind, step / 16)
        luma = np.flatnonzero(np.diff(out.y[0].astype(int)))
        chroma = np.flatnonzero(np.diff(out.v[0].astype(int)))
        assert ((luma + 1) // 2).tolist() == (chroma + 1).tolist()
