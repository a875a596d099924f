"""From a document to a Timeline: exact frames, captions, transitions, and sound at its place."""

import pytest

from rendering.engine.timeline import TextLayer, Timeline
from rendering.video_templates.base import AssetFacts
from rendering.workflow import document as documents
from rendering.workflow import plan

ASSETS = {
    "still.png": AssetFacts("1" * 64, "image", 640, 480),
    "boat.mp4": AssetFacts("2" * 64, "video", 1280, 720, duration=9.0, has_audio=True),
    "music.wav": AssetFacts("3" * 64, "audio", duration=4.0, has_audio=True),
    "short.wav": AssetFacts("4" * 64, "audio", duration=1.0, has_audio=True),
    "long.wav": AssetFacts("5" * 64, "audio", duration=30.0, has_audio=True),
}


def film(*scenes, **options):
    order = {name: options.pop(name) for name in ("width", "height", "quality") if name in options}
    document = {"title": "T", "scenes": [{"template": "picture", "params": {"image": "still.png"}} | s for s in scenes]}
    return plan.timeline(documents.validate(document | options, for_render=True), ASSETS, **order)


def fade(seconds, kind="crossfade"):
    return {"transition": {"kind": kind, "duration": seconds}}


@pytest.mark.parametrize("fps", [1, 12, 24, 25, 30, 50, 60])
def test_the_length_is_the_sum_of_the_scenes_less_the_transitions_in_whole_frames(fps):
    lengths, overlap = [1.1, 2.35, 0.5, 3.333, 4.05], 0.2
    timeline = film(*({"duration": d} | (fade(overlap) if at else {}) for at, d in enumerate(lengths)), fps=fps)
    expected = sum(int(d * fps + 0.5 + 1e-9) for d in lengths) - 4 * int(overlap * fps + 0.5 + 1e-9)
    assert timeline.frames == expected
    assert [clip.frames for clip in timeline.video] == [int(d * fps + 0.5 + 1e-9) for d in lengths]


def test_halves_of_frames_are_rounded_up_as_they_are_written():
    timeline = film({"duration": 0.55}, {"duration": 1.15}, fps=10)
    assert [clip.frames for clip in timeline.video] == [6, 12]


def test_transitions_overlap_and_cuts_do_not():
    timeline = film({"duration": 2}, {"duration": 2} | fade(0.5), {"duration": 2} | fade(1, "cut"), {"duration": 2})
    assert [clip.transition.kind for clip in timeline.video] == ["cut", "crossfade", "cut", "cut"]
    assert timeline.starts == (0, 45, 105, 165)
    assert timeline.frames == 225


def test_a_draft_has_few_frames_and_never_three_scenes_at_once():
    scenes = [{"duration": 1}, {"duration": 1} | fade(0.5), {"duration": 1} | fade(0.5)]
    timeline = film(*scenes, fps=30, quality="draft")
    assert (timeline.width, timeline.height, timeline.fps) == (640, 360, 15)
    assert [clip.transition.frames for clip in timeline.video] == [0, 8, 7]
    assert film(*scenes, fps=30).frames == 60


def test_captions_are_layers_on_top_when_they_are_burned_in():
    for kind, burned in (("burned", True), ("both", True), ("sidecar", False), ("none", False)):
        timeline = film({"caption": "The old harbour"}, {"caption": ""}, captions=kind)
        texts = [layer.text for layer in timeline.video[0].layers if isinstance(layer, TextLayer)]
        assert texts == (["The old harbour"] if burned else [])
        assert len(timeline.video[1].layers) == 1


def test_the_soundtrack_runs_through_the_whole_film():
    timeline = film({}, soundtrack={"asset": "music.wav", "volume_db": -9, "duck_db": -12, "fade_out": 1})
    (music,) = timeline.audio
    assert (music.asset, music.role, music.loop, music.at, music.duration) == ("3" * 64, "music", True, 0, None)
    assert (music.volume_db, music.duck_db, music.fade_out) == (-9, -12, 1)


def test_a_voice_begins_when_its_scene_is_fully_there():
    timeline = film({"duration": 3}, {"duration": 3, "narration": "short.wav"} | fade(0.5))
    (voice,) = timeline.audio
    assert (voice.asset, voice.role, voice.at, voice.duration) == ("4" * 64, "voice", 3.0, 1.0)


def test_a_voice_never_speaks_over_the_next_one_or_the_end():
    timeline = film({"duration": 3, "narration": "long.wav"}, {"duration": 1}, {"duration": 2, "narration": "long.wav"})
    first, second = timeline.audio
    assert (first.at, first.duration) == (0.0, 4.0)
    assert (second.at, second.duration) == (4.0, 2.0)
    assert first.fade_out > 0


def test_footage_brings_its_sound_faded_as_long_as_the_pictures_overlap():
    boat = {"template": "footage", "params": {"video": "boat.mp4", "start": 2, "volume_db": -3}, "duration": 3}
    timeline = film({"duration": 2}, boat | fade(0.5), {"duration": 2} | fade(1))
    (sound,) = timeline.audio
    assert (sound.role, sound.at, sound.start, sound.duration, sound.volume_db) == ("footage", 1.5, 2, 3, -3)
    assert (sound.fade_in, sound.fade_out) == (0.5, 1.0)


def test_assets_that_are_missing_or_of_another_type_are_named_with_their_places():
    scenes = [{"params": {"image": "gone.png"}}, {"params": {"image": "boat.mp4"}, "narration": "still.png"}]
    with pytest.raises(documents.DocumentInvalid) as caught:
        film(*scenes)
    assert {(e["pointer"], e["code"], e["detail"]) for e in caught.value.errors} == {
        ("/scenes/0/params/image", "asset_not_found", "There is no asset 'gone.png'."),
        ("/scenes/1/params/image", "unexpected_type", "This must be an image, but it is a video."),
        ("/scenes/1/narration", "unexpected_type", "This must be a sound, but it is an image."),
    }


def test_a_timeline_goes_through_json_unchanged():
    closing = {"template": "closing", "params": {"title": "Bye", "call_to_action": "Go"}}
    timeline = film({"caption": "One", "narration": "short.wav"}, closing | fade(0.5), width=320, height=180)
    assert (timeline.width, timeline.height) == (320, 180)
    assert Timeline.from_json(timeline.to_json()) == timeline
