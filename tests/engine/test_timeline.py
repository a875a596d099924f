"""The Timeline: exact frames, overlapping transitions, a faithful JSON."""

import json

import pytest

from rendering.engine.timeline import (
    Clip,
    ImageLayer,
    MoviepyLayer,
    ShapeLayer,
    Sound,
    TextLayer,
    Timeline,
    Transition,
    VideoLayer,
    at_frame,
    ease,
    whole_frames,
)

FADE = Transition("crossfade", 15)
CUT = Transition()


def clip(frames=120, *layers, transition=CUT):
    return Clip(frames=frames, layers=layers, transition=transition)


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"),
    [(4, 30, 120), (0.5, 30, 15), (0.1, 25, 3), (1.15, 10, 12), (0.35, 30, 11), (2.5, 1, 3), (600, 60, 36000)],
)
def test_seconds_become_whole_frames_in_decimal_arithmetic(seconds, fps, frames):
    assert whole_frames(seconds, fps) == frames


def test_transitions_overlap_the_scenes_they_join():
    film = Timeline(320, 180, 30, (clip(120), clip(90, transition=FADE), clip(60), clip(30, transition=FADE)))
    assert film.starts == (0, 105, 195, 240)
    assert film.frames == 120 + 90 + 60 + 30 - 15 - 15
    assert film.duration == film.frames / 30


def test_json_gives_back_an_equal_timeline():
    layers = (
        ImageLayer(
            asset="a" * 64, motion="pan_left", box=(1, 2, 3, 4), opacity=((0, 0.0, "in_out"), (9, 1.0, "linear"))
        ),
        VideoLayer(asset="b" * 64, start=1.25, fit="contain"),
        TextLayer(text="Ünï — שלום", box=(0, 0, 100, 50), plate="#00000080", until=30),
        ShapeLayer(box=(0, 0, 10, 10), color="#ff0000", color_to="#0000ff"),
        MoviepyLayer(call="a.b.c", args={"n": 1}, version="2", effects=({"call": "moviepy.video.fx.MirrorX"},)),
    )
    film = Timeline(
        1920, 1080, 30, (clip(120, *layers), clip(60, transition=FADE)), (Sound("c" * 64, "music", loop=True),), -16.0
    )
    again = Timeline.from_json(json.loads(json.dumps(film.to_json())))
    assert again == film
    assert again.assets() == {"a" * 64, "b" * 64, "c" * 64}


def test_keyframes_hold_before_and_after_and_ease_between():
    value = ((10, 0.0, "linear"), (20, 1.0, "in"), (30, 2.0, "linear"))
    assert [at_frame(value, frame) for frame in (0, 10, 15, 20, 30, 99)] == [0, 0, 0.5, 1, 2, 2]
    assert at_frame(value, 25) == pytest.approx(1.125)
    assert at_frame(0.5, 7) == 0.5


@pytest.mark.parametrize("easing", ["linear", "in", "out", "in_out"])
def test_easings_go_from_0_to_1_and_never_back(easing):
    steps = [ease(easing, x / 50) for x in range(51)]
    assert (steps[0], steps[-1]) == (0, 1)
    assert steps == sorted(steps)
