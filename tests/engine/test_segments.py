"""Segments: every frame once, and a key that knows pixels and nothing else."""

from dataclasses import replace

import pytest

from rendering.engine import segments
from rendering.engine.segments import Encoding, at, split
from rendering.engine.timeline import Clip, ImageLayer, ShapeLayer, TextLayer, Timeline, Transition, VideoLayer

FADE = Transition("crossfade", 15)
HARBOUR = ImageLayer(asset="a" * 64, motion="zoom_in")
PIER = ImageLayer(asset="b" * 64)
FOOTAGE = VideoLayer(asset="c" * 64)
CAPTION = TextLayer(text="Dawn", box=(10, 10, 200, 50))


def film(*clips, fps=30):
    return Timeline(320, 180, fps, clips)


def two(first=HARBOUR, second=PIER, transition=FADE):
    return film(Clip(60, (first, CAPTION)), Clip(60, (second,), transition=transition))


def keys(timeline, encoding=None):
    return [segment.key for segment in split(timeline, encoding)]


def test_bodies_and_transitions_cover_every_frame_once():
    film_ = film(*(Clip(60, (HARBOUR,), transition=FADE if scene else Transition()) for scene in range(4)))
    made = split(film_)
    assert [(s.kind, s.frames, s.scenes) for s in made] == [
        ("body", 45, (0,)),
        ("transition", 15, (0, 1)),
        ("body", 30, (1,)),
        ("transition", 15, (1, 2)),
        ("body", 30, (2,)),
        ("transition", 15, (2, 3)),
        ("body", 45, (3,)),
    ]
    assert sum(s.frames for s in made) == film_.frames
    assert [s.first for s in made] == [sum(s.frames for s in made[:n]) for n in range(len(made))]


def test_a_scene_that_is_all_transition_has_no_body():
    made = split(film(Clip(60, ()), Clip(30, (), transition=FADE), Clip(60, (), transition=FADE)))
    assert [(s.kind, s.frames) for s in made] == [("body", 45), ("transition", 15), ("transition", 15), ("body", 45)]


def test_cuts_make_no_transition_segment():
    assert [s.kind for s in split(two(transition=Transition()))] == ["body", "body"]


def test_a_long_scene_of_footage_is_cut_where_each_part_is_worth_finding_its_beginning():
    assert [s.frames for s in split(film(Clip(30 * 10, (FOOTAGE,))))] == [300]
    assert [s.frames for s in split(film(Clip(30 * 20 + 1, (FOOTAGE, CAPTION))))] == [200, 200, 201]
    assert [s.frames for s in split(film(Clip(30 * 600, (FOOTAGE,))))] == [1800] * 10


@pytest.mark.parametrize(
    ("frames", "parts"),
    [(60, [60]), (61, [30, 31]), (180, [60] * 3), (4800, [600] * 8), (30 * 600, [1800] * 10)],
)
def test_stills_are_cut_into_parts_that_several_cores_draw(frames, parts):
    assert [s.frames for s in split(film(Clip(frames, (HARBOUR, CAPTION))))] == parts
    assert [s.frames for s in split(film(Clip(frames, (HARBOUR,))), whole=True)] == [frames]


def test_equal_pictures_have_equal_keys_wherever_they_are():
    alone = film(Clip(60, (PIER,)))
    after = film(Clip(50, (HARBOUR,)), Clip(60, (PIER,)), Clip(10, (HARBOUR,)))
    assert keys(alone)[0] == keys(after)[1]


def test_a_changed_caption_changes_its_scene_and_no_other():
    before = keys(two())
    after = keys(replace(two(), video=(Clip(60, (HARBOUR, replace(CAPTION, text="Dusk"))), two().video[1])))
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, False, True]


def test_a_layer_that_is_not_seen_in_a_segment_is_not_in_its_key():
    early = replace(CAPTION, until=40)
    with_text = split(replace(two(), video=(Clip(60, (HARBOUR, early)), two().video[1])))
    without = split(replace(two(), video=(Clip(60, (HARBOUR,)), two().video[1])))
    assert [a.key == b.key for a, b in zip(with_text, without, strict=True)] == [False, True, True]


@pytest.mark.parametrize(
    "other",
    [
        two(first=replace(HARBOUR, asset="c" * 64)),
        two(first=replace(HARBOUR, motion="zoom_out")),
        two(first=replace(HARBOUR, opacity=0.5)),
        replace(two(), fps=25),
        replace(two(), width=640),
        replace(two(), video=(replace(two().video[0], background="#ffffff"), two().video[1])),
    ],
)
def test_whatever_changes_a_pixel_changes_the_key(other):
    assert keys(two())[0] != keys(other)[0]


@pytest.mark.parametrize("encoding", [Encoding(preset="fast"), Encoding(crf=23), Encoding(threads=7)])
def test_encoder_settings_are_in_every_key(encoding):
    assert not set(keys(two())) & set(keys(two(), encoding))


def test_another_transition_changes_only_itself():
    before, after = keys(two()), keys(two(transition=Transition("wipe_left", 15)))
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]


def test_sound_and_loudness_are_no_part_of_a_picture():
    assert keys(two()) == keys(replace(two(), loudness_lufs=-23.0))


def test_fonts_are_in_the_keys_of_texts_alone(monkeypatch):
    before = keys(two())
    monkeypatch.setattr(segments, "fonts", lambda: {"Inter-Bold.otf": "0" * 64})
    after = keys(two())
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, False, True]


def test_a_new_engine_or_library_makes_all_segments_anew(monkeypatch):
    before = keys(two())
    monkeypatch.setattr(segments, "ENGINE_VERSION", segments.ENGINE_VERSION + 1)
    assert not set(before) & set(keys(two()))


def test_a_segment_names_the_assets_it_needs():
    shape = ShapeLayer(box=(0, 0, 10, 10))
    made = split(film(Clip(60, (HARBOUR, shape)), Clip(60, (PIER,), transition=FADE)))
    assert [s.assets for s in made] == [{"a" * 64}, {"a" * 64, "b" * 64}, {"b" * 64}]


def test_a_frame_of_the_film_is_found_in_its_segment():
    made = split(two())
    assert [(at(made, frame)[0].index, at(made, frame)[1]) for frame in (0, 44, 45, 59, 60, 104)] == [
        (0, 0),
        (0, 44),
        (1, 0),
        (1, 14),
        (2, 0),
        (2, 44),
    ]
    with pytest.raises(IndexError):
        at(made, 105)
