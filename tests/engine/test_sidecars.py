"""Captions beside the film: when they show, how they are cut, what is written."""

from dataclasses import replace
from itertools import pairwise

import pysubs2
import pytest

from rendering.engine.cues import Cue, cues
from rendering.engine.sidecars import written
from rendering.engine.timeline import Clip, Sound, Timeline, Transition

CROSS = Transition("crossfade", 10)


def film(*voices: tuple[float, float]) -> Timeline:
    """Three scenes of 4 s at 20 fps, crossed for half a second; voices are (at, seconds)."""
    clips = (Clip(80, ()), Clip(80, (), transition=CROSS), Clip(80, (), transition=CROSS))
    sounds = tuple(Sound("v", "voice", at=at, duration=seconds) for at, seconds in voices)
    return Timeline(320, 180, 20, clips, sounds)


def test_a_caption_lasts_as_long_as_its_scene_is_seen_alone() -> None:
    assert cues(film(), ["One", "", "Three"]) == [Cue(0.0, 3.5, "One"), Cue(7.5, 11.0, "Three")]


@pytest.mark.parametrize(
    ("seconds", "text", "end"),
    [
        (1.5, "Short", 4.0 + 1.5 + 0.3),
        (0.2, "Read me for a second", 4.0 + 20 / 17),
        (0.2, "Hm", 4.0 + 1.0),
        (3.4, "As long", 7.5),
        (5.0, "It goes on until the next one begins", 7.5),
    ],
)
def test_a_narration_keeps_its_caption_as_long_as_it_speaks(seconds: float, text: str, end: float) -> None:
    found = cues(film((4.0, seconds)), ["", text, "Next"])
    assert found[0].start == 4.0
    assert found[0].end == pytest.approx(end, abs=0.001)
    assert found[1].start == 7.5


def test_a_narration_goes_on_over_a_scene_without_a_caption() -> None:
    assert cues(film((4.0, 5.5)), ["", "A long story", ""])[0].end == pytest.approx(9.8)
    assert cues(film((4.0, 20.0)), ["", "A long story", ""])[0].end == 11.0, "never over the film's end"


def test_a_long_caption_is_cut_into_cues_of_two_lines() -> None:
    text = "word " * 40
    found = cues(film(), [text, "", ""])
    assert len(found) == 3
    assert [found[0].start, found[-1].end] == [0.0, 3.5]
    assert all(one.end == two.start for one, two in pairwise(found))
    assert all(len(line) <= 42 for cue in found for line in cue.text.splitlines())
    assert " ".join(cue.text for cue in found).split() == text.split()


def test_a_scene_that_is_all_transition_keeps_its_caption() -> None:
    clips = (Clip(20, ()), Clip(20, (), transition=replace(CROSS, frames=20)))
    assert cues(Timeline(320, 180, 20, clips), ["Gone at once", ""]) == [Cue(0.0, 1.0, "Gone at once")]


def test_both_files_read_back_with_every_sign() -> None:
    text = "5 < 6 & {braces} <b>bold</b>\nשלום --> 🎬"
    for format in ("srt", "vtt"):
        file = written([Cue(0.5, 2.25, text), Cue(3.0, 4.0, "Second")], format)  # type: ignore[arg-type]
        assert file.startswith("WEBVTT" if format == "vtt" else "1\n00:00:00,500 --> 00:00:02,250\n5 < 6")
        assert file.count("-->") == 2, "an arrow in a caption begins no cue"
        assert "{braces}" in file
        events = pysubs2.SSAFile.from_string(file, format_=format).events
        assert [(event.start, event.end) for event in events] == [(500, 2250), (3000, 4000)]
    assert "5 &lt; 6 &amp; {braces} &lt;b&gt;bold" in file
