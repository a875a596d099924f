"""The commands that make a film, or one picture of it, from a document: real children, real files."""

import json
import os
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import av
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from media_assets import ingest
from rendering.engine import launch
from rendering.workflow import film_files
from rendering.workflow import write as write_storyboard
from rendering.workflow.document import DocumentInvalid
from tests import footage

ROOT = Path(__file__).resolve().parents[2]
SMALL = {"title": "Harbour", "width": 320, "height": 180, "fps": 10}


@pytest.fixture
def cache(settings, tmp_path):
    settings.SEGMENTS_DIR = tmp_path / "segments"
    settings.WORKSPACES_DIR = tmp_path / "workspaces"
    return settings.SEGMENTS_DIR


@pytest.fixture
def folder(tmp_path):
    """A document's folder, with a picture, a film that counts its frames, and a sound."""
    place = tmp_path / "film"
    (place / "sounds").mkdir(parents=True)
    footage.picture(place / "dawn.png", (400, 300), number=77)
    footage.film(place / "boat.mp4", 3.0, fps=10, sound=True)
    footage.tone(place / "sounds" / "music.wav", 1.0)
    with wave.open(str(place / "sounds" / "nothing.wav"), "wb") as silence:
        silence.setparams((1, 2, 48_000, 0, "NONE", ""))
        silence.writeframes(bytes(2 * 48_000 * 2))
    return place


def write(folder, *scenes, name="film.json", **options):
    path = folder / name
    path.write_text(json.dumps(SMALL | options | {"scenes": list(scenes)}))
    return path


def boat(start=0.0, seconds=1.0, **scene):
    return {"template": "footage", "duration": seconds, "params": {"video": "boat.mp4", "start": start}} | scene


def render(document, output, *options, capsys=None):
    call_command("render_storyboard", str(document), "--output", str(output), *options)


def frames_of(path):
    return footage.numbers_of(path)


def sound_of(path):
    with av.open(str(path)) as film:
        return [bytes(packet) for packet in film.demux(audio=0) if packet.size]


def test_a_document_becomes_a_film_with_every_frame_at_its_place(folder, cache, tmp_path):
    document = write(folder, boat(seconds=1.0), boat(start=1.0, seconds=0.7), boat(start=2.5, seconds=0.5))
    render(document, tmp_path / "out.mp4")
    assert frames_of(tmp_path / "out.mp4") == [*range(10), *range(10, 17), *range(25, 30)]
    with av.open(str(tmp_path / "out.mp4")) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        assert (video.width, video.height, video.average_rate) == (320, 180, 10)
        assert (video.codec_context.name, video.codec_context.pix_fmt, video.profile) == ("h264", "yuv420p", "High")
        assert float(audio.duration * audio.time_base) == pytest.approx(2.2, abs=0.1)


def test_transitions_captions_cards_and_music_come_together(folder, cache, tmp_path, capsys):
    document = write(
        folder,
        {"template": "picture", "duration": 1, "params": {"image": "dawn.png", "motion": "zoom_in"}, "caption": "Dawn"},
        boat(transition={"kind": "crossfade", "duration": 0.5}, narration="sounds/music.wav"),
        {
            "template": "closing",
            "duration": 1.5,
            "params": {"title": "Come and see", "call_to_action": "Book"},
            "transition": {"kind": "wipe_left", "duration": 0.3},
        },
        soundtrack={"asset": "sounds/music.wav"},
    )
    render(document, tmp_path / "out.mp4", "--progress")
    assert len(frames_of(tmp_path / "out.mp4")) == 10 + 10 + 15 - 5 - 3
    words = capsys.readouterr()
    assert "27 frames" in words.out
    assert "3/3 scenes" in words.err
    assert "100 %" in words.err
    assert list((tmp_path / "workspaces").iterdir()) == []


def test_only_the_changed_scene_is_rendered_again(folder, cache, tmp_path, capsys):
    scenes = [boat(), boat(start=1.0), boat(start=2.0)]
    render(write(folder, *scenes), tmp_path / "one.mp4")
    assert "0 of 3 segments from the cache" in capsys.readouterr().out
    scenes[1]["params"]["start"] = 0.5
    render(write(folder, *scenes), tmp_path / "two.mp4")
    assert "2 of 3 segments from the cache" in capsys.readouterr().out
    assert frames_of(tmp_path / "two.mp4") == [*range(10), *range(5, 15), *range(20, 30)]
    render(write(folder, *scenes), tmp_path / "three.mp4", "--no-cache")
    assert "0 of 3 segments from the cache" in capsys.readouterr().out


def test_the_sound_is_mixed_once_for_films_that_sound_the_same(folder, cache, tmp_path, monkeypatch):
    music = {"soundtrack": {"asset": "sounds/music.wav"}}
    render(write(folder, boat(), **music), tmp_path / "one.mp4")
    monkeypatch.setattr(launch, "sound", lambda *args, **options: pytest.fail("It was mixed again."))
    render(write(folder, boat(caption="Another word"), **music), tmp_path / "two.mp4")
    assert sound_of(tmp_path / "one.mp4") == sound_of(tmp_path / "two.mp4") != []


def test_a_film_that_is_not_as_planned_is_refused_with_scenes_and_seconds(folder, cache, tmp_path):
    document = write(folder, boat(), boat(seconds=3.0, narration="sounds/nothing.wav"))
    with pytest.raises(CommandError) as refused:
        render(document, tmp_path / "out.mp4")
    assert "The narration of scene 2 is not heard from 1.0 s to 3.0 s." in str(refused.value)
    assert "(quality_check_failed)" in str(refused.value)
    assert refused.value.returncode == 1
    assert not (tmp_path / "out.mp4").exists()


def test_a_screen_recording_without_a_word_is_as_planned(folder, cache, tmp_path, capsys):
    footage.film(folder / "recording.mp4", 3.0, fps=10, sound=True, level_db=-200.0)
    recording = boat(seconds=3.0)
    recording["params"]["video"] = "recording.mp4"
    render(write(folder, boat(), recording), tmp_path / "out.mp4")
    assert len(frames_of(tmp_path / "out.mp4")) == 40
    assert "Warning" not in capsys.readouterr().err


def test_a_refused_film_can_be_accepted_with_warnings(folder, cache, tmp_path, capsys):
    document = write(folder, boat(), boat(seconds=3.0, narration="sounds/nothing.wav"))
    render(document, tmp_path / "out.mp4", "--accept-quality")
    assert len(frames_of(tmp_path / "out.mp4")) == 40
    assert "Warning: The narration of scene 2 is not heard from 1.0 s to 3.0 s.\n" in capsys.readouterr().err


def test_a_damaged_segment_in_the_cache_is_rendered_again(folder, cache, tmp_path, capsys):
    document = write(folder, boat())
    render(document, tmp_path / "one.mp4")
    for kept in cache.rglob("*.mp4"):
        kept.write_bytes(kept.read_bytes()[:-100])
    render(document, tmp_path / "two.mp4")
    assert "0 of 1 segments from the cache" in capsys.readouterr().out.splitlines()[-1]
    assert frames_of(tmp_path / "two.mp4") == list(range(10))


def test_without_cache_nothing_is_kept(folder, cache, tmp_path):
    render(write(folder, boat()), tmp_path / "out.mp4", "--no-cache", "--quality", "draft")
    assert not cache.exists()
    with Image.open(folder / "dawn.png") as picture, av.open(str(tmp_path / "out.mp4")) as film:
        assert picture.size == (400, 300)
        assert (film.streams.video[0].width, film.streams.video[0].height) == (640, 360)


def test_a_scene_that_is_there_twice_is_rendered_once(folder, cache, tmp_path):
    render(write(folder, boat(), boat()), tmp_path / "out.mp4")
    assert frames_of(tmp_path / "out.mp4") == [*range(10), *range(10)]
    assert len(list(cache.rglob("*.mp4"))) == 2, "the scene and the sound"


def test_every_error_of_a_bad_document_is_told_with_its_place(folder, cache, tmp_path, capsys):
    (folder / "notes.png").write_text("no picture at all")
    document = write(
        folder,
        {"template": "picture", "duration": 0, "params": {"image": "gone.png"}},
        {"template": "juggling"},
        {"template": "picture", "params": {}},
        captoins="none",
    )
    with pytest.raises(SystemExit) as ended:
        render(document, tmp_path / "out.mp4")
    assert ended.value.code == 2
    told = dict(line.split(": ", 1) for line in capsys.readouterr().err.splitlines())
    assert told["/scenes/0/duration"] == "This must be at least 0.5."
    assert told["/scenes/1/template"].startswith("There is no template 'juggling'.")
    assert told["/scenes/2/params/image"] == "Scene 3 is missing image"
    assert told["/captoins"].startswith("There is no field 'captoins' here.")
    assert not (tmp_path / "out.mp4").exists()


def test_the_command_tells_of_every_error_however_many_there_are(folder, cache, tmp_path, capsys):
    document = write(folder, boat(), **{f"key{number}": 1 for number in range(3000)})
    with pytest.raises(SystemExit) as ended:
        render(document, tmp_path / "out.mp4")
    assert ended.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3000
    assert lines[-1].startswith("/key2999: There is no field 'key2999' here.")


def test_the_command_keeps_no_list_of_the_errors(folder, tmp_path):
    document = folder / "film.json"
    document.write_text(json.dumps({"title": "T", "scenes": [], **{f"key{number}": 1 for number in range(3000)}}))
    told = []
    with pytest.raises(DocumentInvalid) as refused:
        film_files.from_file(document, tmp_path, told.append)
    assert len(told) == refused.value.total == 3001  # and it has no scenes
    assert len(refused.value.errors) == 100


def test_files_that_are_missing_or_no_media_are_told_with_every_place(folder, cache, tmp_path, capsys):
    (folder / "notes.png").write_text("no picture at all")
    (folder / "cut.png").write_bytes((folder / "dawn.png").read_bytes()[:20])
    (folder / "cut.mp4").write_bytes((folder / "boat.mp4").read_bytes()[:3000])
    pictures = ["gone.png", "notes.png", "cut.png", "boat.mp4", "sounds", "dawn.png/x"]
    scenes = [{"template": "picture", "params": {"image": name}} for name in pictures]
    with pytest.raises(SystemExit) as ended:
        render(write(folder, *scenes, boat(params={"video": "cut.mp4"})), tmp_path / "out.mp4")
    assert ended.value.code == 2
    told = dict(line.split(": ", 1) for line in capsys.readouterr().err.splitlines())
    assert told["/scenes/0/params/image"] == "There is no file 'gone.png' beside the document."
    assert told["/scenes/3/params/image"] == "This must be an image, but it is a video."
    assert set(told) == {*(f"/scenes/{at}/params/image" for at in range(6)), "/scenes/6/params/video"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"title": "x", "scenes": []}', "\xff"])
def test_what_is_no_document_ends_with_2(folder, cache, tmp_path, text, capsys):
    (folder / "film.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(SystemExit) as ended:
        render(folder / "film.json", tmp_path / "out.mp4")
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_other_failures_are_sentences(folder, cache, tmp_path):
    with pytest.raises(CommandError, match=r"No such file or directory: .*nothing\.json"):
        render(folder / "nothing.json", tmp_path / "out.mp4")
    with pytest.raises(CommandError, match="There is no folder"):
        render(write(folder, boat()), tmp_path / "nowhere" / "out.mp4")


def test_a_file_that_breaks_in_the_middle_leaves_no_film(folder, cache, tmp_path):
    picture = (folder / "dawn.png").read_bytes()
    (folder / "broken.png").write_bytes(picture[: len(picture) // 2])
    with pytest.raises(CommandError, match="media_processing_failed"):
        render(write(folder, {"template": "picture", "params": {"image": "broken.png"}}), tmp_path / "out.mp4")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_still_is_the_frame_at_its_time(folder, cache, tmp_path):
    document = write(folder, boat(), boat(start=2.0))
    for at, number in ((0, 0), (0.4, 4), (1.3, 23), (500, 29)):
        call_command("still", str(document), "--at", str(at), "--output", str(tmp_path / "still.jpg"))
        with Image.open(tmp_path / "still.jpg") as still:
            assert (still.format, still.size) == ("JPEG", (320, 180))
            assert footage.number_of(still) == number


@pytest.fixture
def stored(author, folder):
    """A storyboard of rows, with its film in the library."""
    film = ingest.record(ingest.put(folder / "boat.mp4", author, "video"), author, "boat.mp4")
    scene = {"template": "footage", "duration": 1, "params": {"video": str(film.pk), "start": 1}}
    return write_storyboard.create(author, SMALL | {"scenes": [scene]})


@pytest.mark.django_db
def test_a_stored_storyboard_goes_the_same_way(stored, cache, tmp_path):
    call_command("render_storyboard", "--storyboard", str(stored.pk), "--output", str(tmp_path / "out.mp4"))
    assert frames_of(tmp_path / "out.mp4") == list(range(10, 20))
    call_command("still", "--storyboard", str(stored.pk), "--at", "0.5", "--output", str(tmp_path / "still.jpg"))
    with Image.open(tmp_path / "still.jpg") as still:
        assert footage.number_of(still) == 15


@pytest.mark.django_db
def test_a_storyboard_that_is_not_there_is_a_sentence(cache, tmp_path):
    nobody = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(CommandError, match=f"There is no storyboard {nobody}"):
        call_command("render_storyboard", "--storyboard", nobody, "--output", str(tmp_path / "out.mp4"))


@pytest.mark.django_db
def test_a_stored_storyboard_without_scenes_ends_with_2(author, cache, tmp_path, capsys):
    empty = write_storyboard.create(author, SMALL | {"scenes": []})
    with pytest.raises(SystemExit) as ended:
        call_command("render_storyboard", "--storyboard", str(empty.pk), "--output", str(tmp_path / "out.mp4"))
    assert ended.value.code == 2
    assert capsys.readouterr().err == "/scenes: No storyboard data available\n"


def environment(tmp_path):
    """No database answers here: whoever opens one fails."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "videoserver.settings",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "DATA_DIR": str(tmp_path / "data"),
    }


def test_a_file_is_rendered_without_any_database(folder, tmp_path):
    words = [sys.executable, "manage.py", "render_storyboard", str(write(folder, boat())), "--output", "out.mp4"]
    words[-1] = str(tmp_path / "out.mp4")
    run = subprocess.run(words, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "10 frames" in run.stdout
    assert frames_of(tmp_path / "out.mp4") == list(range(10))


def test_a_polite_kill_leaves_nothing_behind(folder, tmp_path):
    document = write(folder, boat(seconds=600), width=1280, height=720)
    words = [sys.executable, "manage.py", "render_storyboard", str(document), "--output", str(tmp_path / "out.mp4")]
    words.append("--progress")
    run = subprocess.Popen(
        words, cwd=ROOT, env=environment(tmp_path), stderr=subprocess.PIPE, start_new_session=True, text=True
    )
    assert run.stderr is not None
    while "  1 %" not in (line := run.stderr.read(60)):
        assert line, "it ended by itself"
    run.send_signal(signal.SIGTERM)
    assert "Stopped." in run.stderr.read()
    assert run.wait(20) == 130
    run.stderr.close()
    assert not (tmp_path / "out.mp4").exists()
    assert list((tmp_path / "data" / "workspaces").iterdir()) == []
    deadline = time.monotonic() + 10
    while children_in(tmp_path) and time.monotonic() < deadline:
        os.sched_yield()
    assert children_in(tmp_path) == []


def children_in(folder):
    """Processes that have a file below this folder open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            targets = [str(link.readlink()) for link in (process / "fd").iterdir()]
        except OSError:
            continue
        if any(target.startswith(str(folder)) for target in targets) and process.name != str(os.getpid()):
            found.append(process.name)
    return found
