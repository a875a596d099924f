"""Every template in every shape, with short, long and missing values: nothing leaves the frame, all can be read."""

import json
from itertools import combinations, pairwise

import pytest
from jsonschema import Draft202012Validator

from rendering.engine.timeline import ImageLayer, ShapeLayer, TextLayer, VideoLayer, at_frame
from rendering.video_templates import catalogue, samples
from rendering.video_templates.base import AssetFacts, Brand, SceneFrame
from rendering.video_templates.check import Check
from rendering.video_templates.colours import READABLE, contrast, ground, readable
from rendering.video_templates.figures import mark, paper
from rendering.video_templates.layout import SMALLEST, base_size, safe_area

SIZES = {
    "16:9": (1920, 1080),
    "9:16": (1080, 1920),
    "1:1": (1080, 1080),
    "4:5": (1080, 1350),
    "4:3": (1440, 1080),
    "21:9": (2520, 1080),
}
TEMPLATES = ["intro", "announcement", "how_it_works", "persona", "demo", "closing", "picture", "footage"]
BRANDS = ["#0b5fff", "#ffd400", "#ffffff", "#000000", "#808080", "#00ff00"]


class Library(dict):
    """Facts of whatever a sample names."""

    def __missing__(self, reference):
        return AssetFacts(f"{len(reference):064x}", "video", 1280, 720, duration=5.0, has_audio=True)


def clip(name, length, size=(1920, 1080), frames=150, **scene):
    template = catalogue.get(name)
    values = template.clean(samples.of(template, length), "", Check([], for_render=True))
    scene = SceneFrame(*size, fps=30, frames=frames, assets=Library(), **scene)
    return scene, template(values).clip(scene)


def texts(clip):
    return [layer for layer in clip.layers if isinstance(layer, TextLayer)]


every = pytest.mark.parametrize("name", TEMPLATES)
in_every_shape = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
with_all_values = pytest.mark.parametrize("length", samples.LENGTHS)


@every
@with_all_values
def test_the_samples_are_valid_by_the_check_and_by_the_schema(name, length):
    template = catalogue.get(name)
    params = samples.of(template, length)
    check = Check([], for_render=True)
    cleaned = template.clean(params, "", check)
    assert check.errors == []
    validator = Draft202012Validator(json.loads(json.dumps(template.schema())))
    assert not list(validator.iter_errors(params))
    assert not list(validator.iter_errors(cleaned))


@every
@in_every_shape
@with_all_values
@pytest.mark.parametrize("captioned", [False, True], ids=["", "captioned"])
def test_words_stand_in_the_safe_area_and_are_large_enough(name, size, length, captioned):
    scene, made = clip(name, length, size, captioned=captioned)
    left, top, width, height = safe_area(scene)
    for layer in texts(made):
        x, y, w, h = layer.box
        assert w > 0
        assert h > 0
        assert left - 1 <= x <= x + w <= left + width + 1, layer.text
        assert top - 1 <= y <= y + h <= top + height + 1, layer.text
        in_the_window = name == "demo" and layer.text.startswith("ferry.example")
        assert layer.size * layer.smallest >= (0.5 if in_the_window else SMALLEST * 0.95) * base_size(scene), layer.text
        assert h >= layer.size * layer.smallest * 1.2, "a line has room"


@every
@in_every_shape
@with_all_values
def test_words_stand_on_no_other_words(name, size, length):
    _, made = clip(name, length, size)
    shown = [layer for layer in texts(made) if layer.until is None]
    for one, other in combinations(shown, 2):
        across = min(one.box[0] + one.box[2], other.box[0] + other.box[2]) - max(one.box[0], other.box[0])
        down = min(one.box[1] + one.box[3], other.box[1] + other.box[3]) - max(one.box[1], other.box[1])
        assert across <= 1 or down <= 1, (one.text, other.text)


@every
@in_every_shape
@with_all_values
def test_pictures_stand_in_the_frame(name, size, length):
    _, made = clip(name, length, size)
    for layer in made.layers:
        if isinstance(layer, ImageLayer | VideoLayer) and layer.box:
            x, y, w, h = layer.box
            assert w > 8
            assert h > 8
            assert -1 <= x <= x + w <= size[0] + 1
            assert -1 <= y <= y + h <= size[1] + 1


@every
@pytest.mark.parametrize("size", [(64, 64), (4096, 64), (64, 4096), (360, 640)], ids=str)
@with_all_values
def test_the_smallest_frames_give_layers_too(name, size, length):
    _, made = clip(name, length, size, captioned=True)
    for layer in made.layers:
        if box := getattr(layer, "box", None):
            assert min(box[2:]) > 0


@every
@with_all_values
@pytest.mark.parametrize("frames", [15, 45, 150, 18000])
def test_everything_has_come_in_time_and_is_steady_then(name, length, frames):
    _, made = clip(name, length, frames=frames)
    moving = [layer for layer in made.layers if isinstance(layer.opacity, tuple) and layer.until is None]
    settled = 0.62 * frames
    for layer in moving:
        assert at_frame(layer.opacity, settled) == pytest.approx(1, abs=0.01)
        assert abs(at_frame(layer.shift_x, settled)) + abs(at_frame(layer.shift_y, settled)) < 0.5
        assert [key[0] for key in layer.opacity] == sorted(key[0] for key in layer.opacity)
    if name not in ("picture", "footage"):
        assert any(at_frame(layer.opacity, 0) == 0 for layer in moving)


@pytest.mark.parametrize("name", ["intro", "announcement", "how_it_works", "persona", "demo"])
def test_words_leave_before_a_cut_but_not_before_a_transition(name):
    _, cut = clip(name, "short")
    _, crossed = clip(name, "short", way_out=15)
    lasting = [layer for layer in texts(cut) if layer.until is None]
    assert {at_frame(layer.opacity, 149) for layer in lasting} == {0.0}
    assert {at_frame(layer.opacity, 149) for layer in texts(crossed) if layer.until is None} == {1.0}


@pytest.mark.parametrize("brand", BRANDS)
def test_all_inks_can_be_read_on_any_brand(brand):
    scene = SceneFrame(1920, 1080, 30, 150, brand=Brand(brand))
    tint, accent, ink, muted = paper(scene)
    for color in (accent, ink, muted):
        assert min(contrast(color, tint), contrast(color, "#ffffff")) >= READABLE
    fill, on_it = mark(scene)
    assert contrast(fill, on_it) >= READABLE
    start, end, over = ground(brand)
    assert min(contrast(over, start), contrast(over, end)) >= READABLE
    assert contrast(readable(brand, "#ffffff"), "#ffffff") >= READABLE


def test_an_introduction_is_a_few_small_layers_that_soon_stand_still():
    _, made = clip("intro", "long", frames=600)
    footage, *plate = made.layers
    assert isinstance(footage, VideoLayer)
    assert footage.box is None
    assert len(plate) <= 6
    area = sum(layer.box[2] * layer.box[3] for layer in plate if isinstance(layer, ShapeLayer))
    assert area < 0.25 * 1920 * 1080
    assert all(layer.opacity[1][0] <= 60 for layer in plate)


def test_steps_come_one_after_the_other_in_their_order():
    _, made = clip("how_it_works", "short", frames=300)
    starts = [layer.opacity[0][0] for layer in texts(made) if layer.text in ("1", "2", "3")]
    assert all(after - before >= 20 for before, after in pairwise(starts))


def test_a_callout_is_there_from_its_time_until_the_next():
    demo = catalogue.get("demo")
    params = {
        **samples.of(demo, "short"),
        "callouts": [{"at": 4, "text": "Second"}, {"at": 1, "text": "First"}, {"at": 60, "text": "Too late"}],
    }
    scene = SceneFrame(1920, 1080, 30, 360, assets=Library())
    made = demo(demo.clean(params, "", Check([], True))).clip(scene)
    spans = {layer.text: (layer.first, layer.until) for layer in texts(made) if layer.until}
    assert spans == {"First": (30, 120), "Second": (120, 270)}


def test_a_recording_is_shown_whole():
    for size in SIZES.values():
        _, made = clip("demo", "short", size)
        screen = next(layer for layer in made.layers if isinstance(layer, VideoLayer))
        assert screen.box[2] / screen.box[3] == pytest.approx(1280 / 720, rel=0.01)
        assert screen.box[2] * screen.box[3] > 0.15 * size[0] * size[1]


def test_initials_stand_for_a_missing_photo():
    _, made = clip("persona", "missing")
    assert "MO" in [layer.text for layer in texts(made)]
    assert not any(isinstance(layer, ImageLayer) for layer in made.layers)


def test_a_template_is_as_long_as_its_video():
    footage, intro = catalogue.get("footage"), catalogue.get("intro")
    assert intro(intro.defaults() | {"video": "a"}).seconds(Library()) == 5
    assert footage(footage.defaults() | {"video": "a", "start": 1.0, "end": 3.5}).seconds(Library()) == 2.5
    assert catalogue.get("closing")(catalogue.get("closing").defaults()).seconds({}) is None
