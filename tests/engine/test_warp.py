"""Zoom and pan: no jitter, chroma goes with luma."""

import numpy as np
import pytest

from rendering.engine.motion import closest, safe, window
from rendering.engine.planes import Bitmap, Planes, even, from_rgb
from rendering.engine.warp import FINEST, Source, warp, whole

WIDTH, HEIGHT, FRAMES = 480, 270, 90
SPOT = (0.8, 0.3)
"""Where the fixed point lies in the picture."""


def spotted(motion):
    """A black picture with one soft red-white spot, as large as the engine would make it."""
    width, height = (even(round(side * closest(motion) * FINEST)) for side in (WIDTH, HEIGHT))
    across = np.arange(width) + 0.5 - SPOT[0] * width
    down = np.arange(height) + 0.5 - SPOT[1] * height
    spot = np.exp(-(across[None, :] ** 2 + down[:, None] ** 2) / (2 * 6**2))
    rgb = np.stack([spot * 255, spot * 60, spot * 60], axis=2)
    return Source.of(Bitmap(from_rgb((rgb + 0.5).astype(np.uint8))))


def centre(plane, dark):
    weight = np.abs(plane.astype(float) - dark)
    weight[weight < 8] = 0
    rows, columns = np.indices(plane.shape)
    return (columns * weight).sum() / weight.sum(), (rows * weight).sum() / weight.sum()


@pytest.mark.parametrize("motion", ["zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down"])
def test_a_fixed_point_follows_its_ideal_path(motion):
    source, canvas = spotted(motion), Planes.blank(WIDTH, HEIGHT)
    off = []
    for frame in range(FRAMES):
        seen = window(motion, frame / (FRAMES - 1))
        warp(source, canvas, seen.left, seen.top, seen.share)
        ideal = (SPOT[0] - seen.left) / seen.share * WIDTH, (SPOT[1] - seen.top) / seen.share * HEIGHT
        x, y = centre(canvas.y, 16)
        off.append((x + 0.5 - ideal[0], y + 0.5 - ideal[1]))
        u, v = centre(canvas.v, 128)
        assert (2 * u - x, 2 * v + 0.5 - y) == pytest.approx((0, 0), abs=0.25)
    drift = np.array(off)
    assert np.sqrt((drift**2).mean(axis=0)).max() <= 0.08
    assert np.abs(drift).max() <= 0.25


def test_whole_rectangles_come_close_for_every_scale_and_offset():
    random = np.random.default_rng(11)
    errors = []
    for length in (1920, 1080, 540, 96):
        for scale, offset in zip(random.uniform(FINEST, FINEST * 1.1, 200), random.uniform(0, 90, 200), strict=True):
            found = whole(float(scale), float(offset), length)
            ends = np.array([0, length - 1])
            made = (ends + found.skip + 0.5) * found.taken / found.made - 0.5 + found.start
            errors.append(np.abs(made - (scale * ends + offset)).max())
    assert np.sqrt(np.mean(np.square(errors))) < 0.05
    assert max(errors) < 0.25


@pytest.mark.parametrize("motion", ["none", "zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down"])
def test_a_window_never_leaves_the_picture_and_always_shows_the_safe_part(motion):
    for part in np.linspace(0, 1, 40):
        seen = window(motion, part)
        assert min(seen.left, seen.top) >= -1e-9
        assert max(seen.left, seen.top) + seen.share <= 1 + 1e-9
        for begin, share in zip((seen.left, seen.top), safe(motion), strict=True):
            assert begin <= 0.5 - share / 2 + 1e-9
            assert begin + seen.share >= 0.5 + share / 2 - 1e-9


def test_a_zoom_is_gentle_at_both_ends():
    shares = [window("zoom_in", frame / 119).share for frame in range(120)]
    steps = -np.diff(shares)
    assert (steps > 0).all()
    assert max(steps[0], steps[-1]) < 0.75 * steps[60]
