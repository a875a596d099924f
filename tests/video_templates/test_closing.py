"""The closing card: readable, inside the safe area, and in order, whatever it is given."""

from itertools import pairwise

import pytest

from rendering.engine.timeline import ImageLayer, ShapeLayer, TextLayer, at_frame
from rendering.video_templates.base import AssetFacts, Brand, SceneFrame
from rendering.video_templates.closing import Closing
from rendering.video_templates.colours import READABLE, contrast, ground, readable
from rendering.video_templates.layout import safe_area

SIZES = [(1920, 1080), (1080, 1920), (1080, 1080), (1080, 1350), (1440, 1080), (2520, 1080), (64, 64), (4096, 64)]
LOGO = {"logo.png": AssetFacts("a" * 64, "image", 600, 200)}
SHORT = {"title": "Thanks", "call_to_action": "Go"}
FULL = {
    "title": "Come and see the harbour",
    "call_to_action": "Book your tour",
    "url": "https://harbour.example/book/",
    "contact": "hello@harbour.example",
    "logo": "logo.png",
}
LONG = dict.fromkeys(("title", "call_to_action", "url", "contact"), "A sentence without an end " * 8)
LONG |= {"title": LONG["title"][:120], "call_to_action": LONG["call_to_action"][:80], "logo": "logo.png"}


def card(params, size=(1920, 1080), frames=120, **scene):
    scene = SceneFrame(*size, fps=30, frames=frames, assets=LOGO, **scene)
    return scene, Closing(Closing.defaults() | params).clip(scene)


def contents(clip):
    """All but the backdrop, which may run over the edges."""
    return clip.layers[3:]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("params", [SHORT, FULL, LONG], ids=["short", "full", "long"])
def test_everything_stands_in_the_safe_area_from_top_to_bottom(size, params):
    scene, clip = card(params, size)
    left, top, width, height = safe_area(scene)
    texts = [layer for layer in contents(clip) if isinstance(layer, TextLayer)]
    assert len(texts) == sum(name in params for name in ("title", "call_to_action", "url", "contact"))
    for layer in contents(clip):
        x, y, w, h = layer.box
        assert w > 0
        assert h > 0
        assert left - 1 <= x <= x + w <= left + width + 1
        assert y >= top - 1
        if size[1] >= 480:
            assert y + h <= top + height + 1
    edges = [(layer.box[1], layer.box[1] + layer.box[3]) for layer in texts]
    assert all(above[1] <= below[0] for above, below in pairwise(edges))


def test_words_are_larger_the_more_they_matter():
    _, clip = card(FULL)
    title, action, url, contact = (layer for layer in contents(clip) if isinstance(layer, TextLayer))
    assert title.size > action.size > url.size > contact.size >= 1080 / 30
    assert url.text == "harbour.example/book"


@pytest.mark.parametrize(
    "brand", ["#0b5fff", "#ffd400", "#ffffff", "#000000", "#808080", "#ff0000", "#00ff00", "#777777"]
)
def test_text_can_be_read_on_any_brand_colour(brand):
    color, color_to, ink = ground(brand)
    assert min(contrast(ink, color), contrast(ink, color_to)) >= READABLE
    assert contrast(readable(brand, ink), ink) >= READABLE
    _, clip = card(FULL, brand=Brand(color=brand))
    pill = [layer for layer in contents(clip) if isinstance(layer, ShapeLayer)][-1]
    words = [layer for layer in contents(clip) if isinstance(layer, TextLayer)][1]
    assert contrast(pill.color, words.color) >= READABLE


def test_the_brand_has_a_logo_for_cards_without_their_own():
    _, clip = card(SHORT, brand=Brand(logo="logo.png"))
    logo = next(layer for layer in clip.layers if isinstance(layer, ImageLayer))
    assert logo.asset == "a" * 64
    assert logo.box[2] / logo.box[3] == pytest.approx(3)
    assert not any(isinstance(layer, ImageLayer) for layer in card(SHORT)[1].layers)


@pytest.mark.parametrize("frames", [15, 30, 120, 18000])
def test_things_enter_one_after_the_other_and_are_there_in_time(frames):
    _, clip = card(FULL, frames=frames)
    moving = contents(clip)
    assert [at_frame(layer.opacity, 0) for layer in moving] == [0] * len(moving)
    assert [at_frame(layer.opacity, min(0.7 * frames, 45)) for layer in moving] == [1] * len(moving)
    assert [at_frame(layer.shift_y, frames) for layer in moving] == [0] * len(moving)
    starts = [layer.opacity[0][0] for layer in moving]
    assert starts == sorted(starts)
    assert starts[0] < starts[-1]


def test_the_entrance_waits_until_the_scene_before_is_half_gone():
    _, clip = card(SHORT, way_in=20)
    assert contents(clip)[0].opacity[0][0] == 10


def test_a_caption_gets_room_below_the_card():
    _, plain = card(LONG)
    _, captioned = card(LONG, captioned=True)
    lowest = [max(layer.box[1] + layer.box[3] for layer in contents(clip)) for clip in (plain, captioned)]
    assert lowest[1] < lowest[0]
