"""Pictures and footage: which layers and which sound they give."""

from rendering.video_templates.base import AssetFacts, SceneFrame
from rendering.video_templates.footage import Footage
from rendering.video_templates.picture import Picture

ASSETS = {
    "still.png": AssetFacts("a" * 64, "image", 640, 480),
    "boat.mp4": AssetFacts("b" * 64, "video", 1280, 720, duration=5.0, has_audio=True),
    "mute.mp4": AssetFacts("c" * 64, "video", 1280, 720, duration=5.0),
}
SCENE = SceneFrame(1920, 1080, fps=30, frames=60, assets=ASSETS)


def footage(**params):
    return Footage(Footage.defaults() | params)


def test_a_picture_covers_the_frame_and_moves_as_it_is_told():
    clip = Picture({"image": "still.png", "motion": "pan_left"}).clip(SCENE)
    (layer,) = clip.layers
    assert (layer.asset, layer.fit, layer.motion, layer.box) == ("a" * 64, "cover", "pan_left", None)
    assert clip.frames == 60


def test_footage_covers_the_frame_from_its_start_on():
    (layer,) = footage(video="boat.mp4", start=1.5).clip(SCENE).layers
    assert (layer.asset, layer.start, layer.fit) == ("b" * 64, 1.5, "cover")


def test_its_picture_holds_at_the_end_that_is_named():
    (layer,) = footage(video="boat.mp4", start=1.5, end=2.25).clip(SCENE).layers
    assert (layer.start, layer.end) == (1.5, 2.25)


def test_its_sound_is_as_long_as_the_scene_or_the_piece():
    (sound,) = footage(video="boat.mp4", start=1.5, volume_db=-6).sounds(SCENE)
    assert (sound.asset, sound.role, sound.start, sound.duration, sound.volume_db) == (
        "b" * 64,
        "footage",
        1.5,
        2.0,
        -6,
    )
    (sound,) = footage(video="boat.mp4", start=1.5, end=2.0).sounds(SCENE)
    assert sound.duration == 0.5
    (sound,) = footage(video="boat.mp4", start=4.0, end=60).sounds(SCENE)
    assert sound.duration == 1.0


def test_there_is_no_sound_where_there_is_none():
    assert footage(video="mute.mp4").sounds(SCENE) == ()
    assert footage(video="boat.mp4", volume_db=-60).sounds(SCENE) == ()
    assert footage(video="boat.mp4", start=9).sounds(SCENE) == ()
