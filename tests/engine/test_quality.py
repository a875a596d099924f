"""What the gate measures on films, and what it makes of it against their plans."""

from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from rendering.engine import audio, findings, quality
from rendering.engine.join import Piece, join
from rendering.engine.timeline import Clip, ImageLayer, Sound, TextLayer, Timeline, Transition, VideoLayer
from tests.engine.pieces import SIZE, ignore
from tests.footage import canvas, tone

FPS = 15
BLACK = Image.new("RGB", SIZE)


def scene(path: Path, pictures: list[Image.Image]) -> Piece:
    """A segment of these pictures."""
    with av.open(str(path), "w", format="mp4") as container:
        video: Any = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        codec = video.codec_context
        codec.time_base = Fraction(1, FPS)
        codec.color_primaries = codec.color_trc = codec.colorspace = codec.color_range = 1
        codec.options = {"preset": "veryfast", "profile": "high", "crf": "20", "x264-params": f"keyint={2 * FPS}"}
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_image(picture).reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return Piece(path, len(pictures))


def count(first: int, seconds: float) -> list[Image.Image]:
    """Pictures in which everything moves."""
    return [canvas(first + number, SIZE, seed=first + number) for number in range(round(seconds * FPS))]


def hold(picture: Image.Image, seconds: float) -> list[Image.Image]:
    return [picture] * round(seconds * FPS)


def timeline(*seconds: float, sounds: tuple[Sound, ...] = (), layer: Any = None) -> Timeline:
    """Scenes of these lengths, each footage over the whole frame."""
    layer = layer or VideoLayer(asset="f")
    return Timeline(*SIZE, FPS, tuple(Clip(round(each * FPS), (layer,)) for each in seconds), sounds)


def measured(folder: Path, film: Timeline, pictures: list[list[Image.Image]], **files: Path) -> dict[str, Any]:
    """What the gate sees in a film of these scenes."""
    pieces = [scene(folder / f"{number}.mp4", each) for number, each in enumerate(pictures)]
    audio.make(film, files, folder / "sound.m4a", ignore)
    join(pieces, folder / "sound.m4a", folder / "film.mp4", FPS, ignore)

    def those(role: str) -> list[dict[str, Any]]:
        return [{"sound": vars(each), "path": str(files[each.asset])} for each in film.audio if each.role == role]

    request = {
        "path": str(folder / "film.mp4"),
        "fps": FPS,
        "frames": film.frames,
        "moving": findings.moving(film, {}),
        "sound": True,
        "voices": those("voice"),
        "footage": those("footage"),
    }
    return quality.measure(request, ignore)


def told(film: Timeline, seen: dict[str, Any]) -> list[str]:
    found, doubts = findings.of_pictures(film, seen, {})
    assert not doubts
    return [each.detail for each in found]


def test_a_film_that_moves_has_nothing_to_find(tmp_path: Path) -> None:
    film = timeline(3, 3)
    seen = measured(tmp_path, film, [count(0, 3), count(50, 3)])
    assert (seen["black"], seen["frozen"], seen["unheard"]) == ([], [], [])
    assert told(film, seen) == []


def test_black_footage_is_found_with_scene_and_seconds(tmp_path: Path) -> None:
    film = timeline(3, 6)
    seen = measured(tmp_path, film, [count(0, 3), [*count(50, 1), *hold(BLACK, 3), *count(70, 2)]])
    assert told(film, seen) == ["Scene 2 is black from 4.0 s to 7.0 s."]


def test_footage_that_stands_still_is_found(tmp_path: Path) -> None:
    film = timeline(2, 9)
    seen = measured(tmp_path, film, [count(0, 2), [*count(50, 2), *hold(canvas(7, SIZE), 5), *count(70, 2)]])
    (sentence,) = told(film, seen)
    assert sentence.startswith("Scene 2 stands still from 4.")
    assert sentence.endswith(("to 9.0 s.", "to 9.1 s."))


def test_a_short_standstill_is_a_pause(tmp_path: Path) -> None:
    film = timeline(7)
    seen = measured(tmp_path, film, [[*count(50, 2), *hold(canvas(7, SIZE), 3), *count(70, 2)]])
    assert told(film, seen) == []


def test_a_still_picture_may_stand_still(tmp_path: Path) -> None:
    film = timeline(7, layer=ImageLayer(asset="i"))
    seen = measured(tmp_path, film, [hold(canvas(7, SIZE), 7)])
    assert findings.of_pictures(film, seen, {}) == ([], [])


def test_held_footage_may_stand_still_after_its_end(tmp_path: Path) -> None:
    film = timeline(8, layer=VideoLayer(asset="f", end=2.0))
    seen = measured(tmp_path, film, [[*count(0, 2), *hold(canvas(7, SIZE), 6)]])
    assert told(film, seen) == []
    assert findings.moving(timeline(8), {"f": 2.0}) == [(0, 30)]


def test_a_picture_that_the_camera_crosses_is_a_doubt(tmp_path: Path) -> None:
    """Only its own drawing says whether the camera can be seen to move."""
    film = timeline(7, layer=ImageLayer(asset="i", motion="zoom_in"))
    seen = measured(tmp_path, film, [hold(Image.new("RGB", SIZE, "teal"), 7)])
    found, (doubt,) = findings.of_pictures(film, seen, {})
    assert found == []
    assert (doubt.kind, doubt.scene, doubt.first) == ("frozen", 0, 0)
    assert findings.confirmed(doubt, film).detail == "Scene 1 stands still from 0.0 s to 7.0 s."


def test_black_without_footage_is_a_doubt(tmp_path: Path) -> None:
    film = timeline(3, layer=TextLayer(text="Night"))
    seen = measured(tmp_path, film, [hold(BLACK, 3)])
    found, (doubt,) = findings.of_pictures(film, seen, {})
    assert (found, doubt) == ([], findings.Doubt("black", 0, 0, 45))


def file(path: Path) -> tuple[str, Path]:
    return sha256(path.read_bytes()).hexdigest(), path


def spoken(folder: Path, *stretches: tuple[float, float]) -> tuple[str, Path]:
    """A voice of (seconds, level in dB) one after the other."""
    import wave

    parts = [
        10 ** (level / 20) * 32767 * np.sin(2 * np.pi * 300 * np.arange(int(seconds * 48_000)) / 48_000)
        for seconds, level in stretches
    ]
    with wave.open(str(folder / f"voice{len(stretches)}{stretches[0]}.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes(np.concatenate(parts).astype("<i2").tobytes())
    return file(folder / f"voice{len(stretches)}{stretches[0]}.wav")


def test_silence_where_sound_is_planned_is_found_with_scene_and_seconds(tmp_path: Path) -> None:
    name, path = spoken(tmp_path, (0.6, -20), (3, -200), (0.4, -20))
    film = timeline(2, 6, sounds=(Sound(name, "voice", at=2.0, duration=4.0),))
    seen = measured(tmp_path, film, [count(0, 2), count(50, 6)], **{name: path})
    found = findings.of_sound(film, seen, -14.0, -1.5)
    assert [each.detail for each in found] == ["Scene 2 is silent from 2.6 s to 5.6 s."]
    assert (found[0].scene, found[0].start, found[0].end) == (2, 2.6, 5.6)


def test_a_film_without_sounds_may_be_silent(tmp_path: Path) -> None:
    film = timeline(3)
    assert findings.of_sound(film, measured(tmp_path, film, [count(0, 3)]), None, None) == []


def test_silence_between_two_sounds_is_planned(tmp_path: Path) -> None:
    name, path = file(tone(tmp_path / "tone.wav", 1.0))
    sounds = (Sound(name, "voice", at=0.0, duration=1.0), Sound(name, "voice", at=5.0, duration=1.0))
    film = timeline(3, 3, sounds=sounds)
    seen = measured(tmp_path, film, [count(0, 3), count(50, 3)], **{name: path})
    assert findings.of_sound(film, seen, -14.0, -1.5) == []


def test_a_narration_that_says_nothing_is_missing_even_under_music(tmp_path: Path) -> None:
    name, path = spoken(tmp_path, (2.0, -200))
    song, music = file(tone(tmp_path / "song.wav", 2.0))
    film = timeline(3, 3, sounds=(Sound(song, "music", loop=True), Sound(name, "voice", at=3.0, duration=2.0)))
    seen = measured(tmp_path, film, [count(0, 3), count(50, 3)], **{name: path, song: music})
    found = findings.of_sound(film, seen, -14.0, -1.5)
    assert [each.detail for each in found] == ["The narration of scene 2 is not heard from 3.0 s to 5.0 s."]


def silent_scenes(folder: Path, film: Timeline, **files: Path) -> list[str]:
    pictures = [count(50 * number, clip.frames / FPS) for number, clip in enumerate(film.video)]
    return [each.detail for each in findings.of_sound(film, measured(folder, film, pictures, **files), None, None)]


def test_footage_that_is_silent_by_itself_may_be_silent(tmp_path: Path) -> None:
    name, path = spoken(tmp_path, (3.0, -200))
    loud, other = file(tone(tmp_path / "tone.wav", 2.0))
    sounds = (Sound(loud, "footage", duration=2.0), Sound(name, "footage", at=2.0, duration=3.0))
    assert silent_scenes(tmp_path, timeline(2, 3, sounds=sounds), **{name: path, loud: other}) == []


def test_noise_that_the_films_level_turns_down_is_silence_of_the_footages_own(tmp_path: Path) -> None:
    name, path = spoken(tmp_path, (3.0, -55))
    loud, other = file(tone(tmp_path / "tone.wav", 3.0, level_db=-1.0))
    sounds = (Sound(loud, "footage", duration=3.0), Sound(name, "footage", at=3.0, duration=3.0))
    film = timeline(3, 3, sounds=sounds)
    seen = measured(tmp_path, film, [count(0, 3), count(50, 3)], **{name: path, loud: other})
    assert seen["silent"] == [(pytest.approx(3.0, abs=0.11), 6.0)], "the premise"
    assert findings.of_sound(film, seen, None, None) == []


def test_pauses_and_the_end_of_footages_own_sound_are_its_own_too(tmp_path: Path) -> None:
    name, path = spoken(tmp_path, (2, -20), (1, -20), (3, -200), (1, -20))
    sounds = (Sound(name, "footage", at=1.0, start=2.0, duration=8.0, fade_out=0.1),)
    assert silent_scenes(tmp_path, timeline(9, sounds=sounds), **{name: path}) == []


def test_footage_whose_sound_got_lost_is_found(tmp_path: Path) -> None:
    """The film is mixed without what its plan names."""
    name, path = spoken(tmp_path, (4.0, -20), (2.0, -200))
    quiet, silence = spoken(tmp_path, (6.0, -200))
    film = timeline(6, sounds=(Sound(quiet, "footage", duration=6.0),))
    seen = measured(tmp_path, film, [count(0, 6)], **{quiet: silence})
    planned = Sound(name, "footage", duration=6.0)
    seen["mute"] = [quality.mute(planned, path, seen["silent"], 6.0)]
    (found,) = findings.of_sound(timeline(6, sounds=(planned,)), seen, None, None)
    assert found.detail == "Scene 1 is silent from 0.0 s to 4.0 s."


def test_silent_footage_does_not_explain_the_silence_of_what_speaks_over_it(tmp_path: Path) -> None:
    name, path = spoken(tmp_path, (4.0, -200))
    voice, words = spoken(tmp_path, (0.6, -20), (3, -200), (0.4, -20))
    sounds = (Sound(name, "footage", duration=4.0), Sound(voice, "voice", duration=4.0))
    assert silent_scenes(tmp_path, timeline(4, sounds=sounds), **{name: path, voice: words}) == [
        "Scene 1 is silent from 0.6 s to 3.6 s."
    ]


def test_spans_are_taken_out_of_spans() -> None:
    assert findings.without([(0, 10), (20, 30)], [(2, 3), (8, 22), (29, 40)]) == [(0, 2), (3, 8), (22, 29)]
    assert findings.without([(0, 10)], []) == [(0, 10)]
    assert findings.without([(5, 10)], [(0, 10)]) == findings.without([], [(0, 10)]) == []


@pytest.mark.parametrize(
    ("lufs", "peak", "sentence"),
    [
        (-16.2, -1.5, "The film's loudness is -16.2 LUFS, planned were -14.0 LUFS."),
        (-14.0, -0.2, "The film's true peak is -0.2 dBTP, at most -1 dBTP is planned."),
    ],
)
def test_a_loudness_beside_its_target_is_found(lufs: float, peak: float, sentence: str) -> None:
    nothing = {"silent": [], "unheard": [], "mute": []}
    assert [each.detail for each in findings.of_sound(timeline(3), nothing, lufs, peak)] == [sentence]
    assert findings.of_sound(timeline(3), nothing, -14.4, -1.0) == []


def test_a_transitions_halves_belong_to_its_two_scenes() -> None:
    film = timeline(3, 3)
    crossed = replace(film, video=(film.video[0], replace(film.video[1], transition=Transition("crossfade", 10))))
    assert list(findings.scenes(crossed)) == [(0, (0, 40)), (1, (40, 80))]
    assert findings.scene_at(crossed, 39 / FPS) == 0
    assert findings.scene_at(crossed, 41 / FPS) == 1
