"""Burned-in captions: at the times of the cues, in turns, in step with the narration."""

from __future__ import annotations

from dataclasses import replace

from rendering.engine.captions import burned, room
from rendering.engine.timeline import Clip, Sound, TextLayer, Timeline, Transition

CROSS = Transition("crossfade", 10)
LONG = "word " * 40


def film(*voices: tuple[float, float], seconds: int = 4) -> Timeline:
    """Three scenes at 20 fps, crossed for half a second; voices are (at, seconds)."""
    frames = 20 * seconds
    clips = (Clip(frames, ()), Clip(frames, (), transition=CROSS), Clip(frames, (), transition=CROSS))
    sounds = tuple(Sound("v", "voice", at=at, duration=length) for at, length in voices)
    return Timeline(320, 180, 20, clips, sounds)


def shown(timeline: Timeline, scene: int) -> list[tuple[str, int, int | None]]:
    layers = timeline.video[scene].layers
    return [(layer.text, layer.first, layer.until) for layer in layers if isinstance(layer, TextLayer)]


def test_a_caption_shows_while_its_scene_is_seen_alone() -> None:
    made = burned(film(), ["One", "", "Three"])
    assert [shown(made, scene) for scene in range(3)] == [[("One", 0, 70)], [], [("Three", 10, 80)]]
    assert burned(film(), [" ", "", ""]) == film()


def test_a_caption_goes_with_its_narration() -> None:
    made = burned(film((4.0, 1.5)), ["", "Short", ""])
    assert shown(made, 1) == [("Short", 10, 46)]


def test_a_narration_holds_its_caption_over_a_scene_that_has_none() -> None:
    made = burned(film((0.0, 5.0)), ["A long story", "", ""])
    assert shown(made, 0) == [("A long story", 0, 80)]
    assert shown(made, 1) == [("A long story", 0, 36)]
    assert shown(made, 2) == []


def test_a_long_caption_is_shown_in_turns_that_fill_its_time() -> None:
    turns = shown(burned(film(seconds=6), [LONG, "", ""]), 0)
    assert len(turns) == 3
    assert " ".join(text for text, _, _ in turns).split() == LONG.split()
    assert [first for _, first, _ in turns] == [0, *[until for _, _, until in turns[:-1]]]
    assert turns[-1][2] == 110


def test_without_time_for_turns_it_is_shown_whole() -> None:
    assert shown(burned(film(seconds=2), [LONG, "", ""]), 0) == [(LONG, 0, 30)]


def test_where_transitions_leave_no_time_it_shows_through_them() -> None:
    whole = replace(film().video[1], frames=20, transition=replace(CROSS, frames=15))
    made = burned(Timeline(320, 180, 20, (film().video[0], whole)), ["", "Gone"])
    assert shown(made, 1) == [("Gone", 0, 20)]


def test_the_room_that_templates_leave_is_where_it_stands() -> None:
    for width, height in ((1920, 1080), (1080, 1920), (1080, 1350), (2520, 1080)):
        (layer,) = burned(replace(film(), width=width, height=height), ["One", "", ""]).video[0].layers
        assert isinstance(layer, TextLayer)
        assert layer.box[1] == height - room(width, height)
