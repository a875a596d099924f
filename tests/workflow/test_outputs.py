"""One order, many files: ratios, formats, limits, captions, clips; and the gate that looks at the film first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.storage import storages
from PIL import Image

from media_assets.models import MediaAsset
from rendering.engine.errors import SizeLimitTooSmall
from rendering.engine.loudness import measure
from rendering.engine.source import decoded
from rendering.models import Job, Storyboard
from rendering.workflow import clips, order, outputs, review, write
from rendering.workflow import document as documents
from tests import footage
from tests.api.conftest import keep, scene
from tests.workflow.queue import work_off

pytestmark = pytest.mark.django_db
Approve = Callable[..., Storyboard]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test renders its segments itself."""
    monkeypatch.setattr(settings, "SEGMENTS_DIR", tmp_path / "segments")


@pytest.fixture
def approve(author: User, reviewer: User) -> Approve:
    """An approved storyboard of a document."""

    def made(document: dict[str, Any]) -> Storyboard:
        board = review.submit(write.create(author, document), author)
        return review.approve(board, reviewer, board.revision)

    return made


def path_of(asset: MediaAsset) -> Path:
    return Path(storages["media"].path(asset.key))


def test_one_order_makes_a_film_for_each_ratio_in_each_format(approved: Storyboard) -> None:
    asked = {"quality": "draft", "aspect_ratios": ["16:9", "9:16", "1:1"], "formats": ["webm", "gif"]}
    job = work_off(order.render(approved, asked)[0])
    assert (job.status, job.error_detail) == ("completed", "")
    made = {result.name: result for result in job.results.select_related("asset")}
    assert [(name, result.aspect_ratio, result.width, result.height) for name, result in made.items()] == [
        ("final.mp4", "16:9", 640, 360),
        ("16x9.webm", "16:9", 640, 360),
        ("preview.gif", "16:9", 480, 270),
        ("9x16.mp4", "9:16", 360, 640),
        ("9x16.webm", "9:16", 360, 640),
        ("9x16.gif", "9:16", 360, 640),
        ("1x1.mp4", "1:1", 360, 360),
        ("1x1.webm", "1:1", 360, 360),
        ("1x1.gif", "1:1", 360, 360),
    ]
    assert {result.frames for result in made.values()} == {14}
    assert {result.asset.content_type for result in made.values()} == {"video/mp4", "video/webm", "image/gif"}
    for result in made.values():
        assert path_of(result.asset).stat().st_size == result.asset.size
    assert job.segments.count() == 9
    assert sorted(job.segments.values_list("index", flat=True)) == list(range(9))
    assert job.poster is not None
    with Image.open(path_of(job.poster)) as poster:
        assert poster.size == (640, 360)


def test_a_variant_that_was_there_before_costs_only_what_is_new(approved: Storyboard) -> None:
    work_off(order.render(approved, {"quality": "draft", "aspect_ratios": ["1:1"]})[0])
    job = work_off(order.render(approved, {"quality": "draft", "aspect_ratios": ["9:16", "1:1"]})[0])
    assert job.status == "completed"
    assert list(job.segments.values_list("variant", "cached")) == [(0, False)] * 3 + [(1, True)] * 3


def test_equal_scenes_of_one_film_are_rendered_once(
    document: dict[str, Any], picture: MediaAsset, approve: Approve
) -> None:
    document["scenes"] = [scene(picture), scene(picture)]
    job = work_off(order.render(approve(document))[0])
    assert job.status == "completed"
    assert list(job.segments.values_list("cached", flat=True)) == [False, True]


def test_a_film_fits_into_its_limit(document: dict[str, Any], picture: MediaAsset, approve: Approve) -> None:
    document |= {"width": 320, "height": 180, "fps": 24}
    document["scenes"] = [scene(picture, 3, "zoom_in"), scene(picture, 3, "pan_left")]
    board = approve(document)
    free = work_off(order.render(board)[0]).results.get().asset.size
    limit = round(0.6 * free / 1_000_000, 4)
    job = work_off(order.render(board, {"size_limit_mb": limit})[0])
    assert (job.status, job.error_detail) == ("completed", "")
    size = job.results.get().asset.size
    assert 0.85 * limit * 1_000_000 <= size <= limit * 1_000_000
    made = clips.of(job)
    assert [clips.cut(job, clip).frames for clip in made] == [72, 72], "scenes can be cut out of it too"


def test_a_limit_that_is_too_small_is_refused_with_a_sentence(approved: Storyboard) -> None:
    with pytest.raises(SizeLimitTooSmall) as caught:
        order.render(approved, {"size_limit_mb": 0.001, "quality": "1080p"})
    assert caught.value.detail == "0.001 MB are too few for 1.8 s of 1080×1080: at least 0.01 MB are needed."
    assert (caught.value.pointer, caught.value.status) == ("/size_limit_mb", 422)
    assert not Job.objects.exists()


@pytest.mark.parametrize(("ratios", "limit"), [(["1:1"], 0.3), (["1:1", "21:9"], 0.5)])
def test_every_ratio_must_have_room(approved: Storyboard, ratios: list[str], limit: float) -> None:
    document = documents.validate(approved.document(), for_render=True)
    document["scenes"][0]["duration"] = 60
    document["fps"] = 30
    options = {"quality": "1080p", "aspect_ratios": ratios}
    outputs.require_room(document, options)
    outputs.require_room(document, options | {"size_limit_mb": 5})
    with pytest.raises(SizeLimitTooSmall, match="are needed"):
        outputs.require_room(document, options | {"size_limit_mb": limit})


@pytest.mark.parametrize("captions", ["sidecar", "both", "burned", "none"])
def test_captions_stand_beside_the_film_when_they_should(
    captions: str, document: dict[str, Any], approve: Approve
) -> None:
    job = work_off(order.render(approve(document | {"captions": captions}))[0])
    cue = {"start": 0.0, "end": 0.75, "text": "The old harbour at dawn"}
    assert job.captions == ([cue] if captions in ("sidecar", "both") else [])


def test_scenes_are_cut_out_of_the_film_and_kept_for_a_while(approved: Storyboard, tmp_path: Path) -> None:
    job = work_off(order.render(approved)[0])
    before = MediaAsset.objects.count()
    first, second = clips.of(job)
    assert (first.name, first.first, first.frames) == ("scene-001.mp4", 0, 8)
    assert (second.name, second.first, second.frames) == ("scene-002.mp4", 6, 8)
    assert [clip.scene for clip in (first, second)] == [str(each.pk) for each in approved.scenes.all()]
    made = clips.cut(job, second)
    assert made.frames == len(footage.numbers_of(made.path)) == 8
    written = made.path.stat().st_mtime_ns
    assert clips.cut(job, second).path.stat().st_mtime_ns == written, "the second time it is there"
    assert MediaAsset.objects.count() == before, "nothing is stored twice"


def test_an_unfinished_job_has_no_clips(approved: Storyboard) -> None:
    assert clips.of(order.render(approved)[0]) == []


@pytest.fixture
def spoilt(document: dict[str, Any], author: User, tmp_path: Path, approve: Approve) -> Storyboard:
    """A storyboard whose second scene is footage with a narration that says nothing."""
    film = footage.film(tmp_path / "still.mp4", 5, 8, (64, 64), seed=3)
    hush = footage.tone(tmp_path / "hush.wav", 2.0, level_db=-200)
    spoken = {"narration": str(keep(hush, author).pk)}
    video = {"template": "footage", "duration": 3, "params": {"video": str(keep(film, author).pk)}, **spoken}
    return approve(document | {"scenes": [document["scenes"][0], video]})


def test_a_film_with_a_silent_narration_is_refused_and_says_where(spoilt: Storyboard) -> None:
    job = work_off(order.render(spoilt)[0])
    assert (job.status, job.error_code, job.attempt) == ("failed", "quality_check_failed", 1)
    assert job.error_detail == "The narration of scene 2 is not heard from 1.0 s to 3.0 s."
    assert job.quality["findings"] == [
        {"kind": "narration", "scene": 2, "start": 1.0, "end": 3.0, "detail": job.error_detail}
    ]
    assert not job.results.exists()


def test_an_order_may_accept_what_the_gate_finds(spoilt: Storyboard) -> None:
    work_off(order.render(spoilt)[0])
    job = work_off(order.render(spoilt, {"accept_quality": True})[0])
    assert job.status == "completed"
    assert all(job.segments.values_list("cached", flat=True))
    assert job.warnings == ["The narration of scene 2 is not heard from 1.0 s to 3.0 s."]
    assert [finding["kind"] for finding in job.quality["findings"]] == ["narration"]


def test_a_black_picture_is_black_because_the_plan_says_so(
    document: dict[str, Any], author: User, tmp_path: Path, approve: Approve
) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "night.png")
    night = keep(tmp_path / "night.png", author)
    document["scenes"] = [scene(night, 4, "zoom_in"), document["scenes"][0]]
    job = work_off(order.render(approve(document))[0])
    assert (job.status, job.quality["findings"]) == ("completed", [])


def test_black_footage_is_no_picture_that_anybody_approved(
    document: dict[str, Any], author: User, tmp_path: Path, approve: Approve
) -> None:
    black = footage.film(tmp_path / "black.mp4", 4, 8, (64, 64))
    import av

    with av.open(str(black), "w") as container:
        stream: Any = container.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(32):
            container.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 64)))))
        container.mux(stream.encode())
    video = {"template": "footage", "duration": 4, "params": {"video": str(keep(black, author).pk)}}
    job = work_off(order.render(approve(document | {"scenes": [document["scenes"][0], video]}))[0])
    assert job.error_code == "quality_check_failed"
    assert job.error_detail == "Scene 2 is black from 1.0 s to 5.0 s."


def test_the_loudness_on_the_job_is_that_of_the_stored_film(
    document: dict[str, Any], author: User, tmp_path: Path, approve: Approve
) -> None:
    """A soundtrack, a narration and the sound of footage, measured again as a player decodes them."""
    song = keep(footage.tone(tmp_path / "song.mp3", 3, 220, -30), author)
    voice = keep(footage.tone(tmp_path / "voice.wav", 1.5, 440, -12), author)
    video = keep(footage.film(tmp_path / "pier.mp4", 3, 8, (64, 64), sound=660), author)
    document |= {"soundtrack": {"asset": str(song.pk)}, "loudness_lufs": -16}
    document["scenes"][0] |= {"duration": 2, "narration": str(voice.pk)}
    document["scenes"].append({"template": "footage", "duration": 3, "params": {"video": str(video.pk)}})
    job = work_off(order.render(approve(document))[0])
    assert (job.status, job.error_detail) == ("completed", "")
    assert job.quality["loudness_lufs"] == pytest.approx(-16, abs=0.5)
    assert job.quality["true_peak_dbtp"] <= -1
    film = job.results.get()
    heard = measure(decoded(path_of(film.asset), "film", 0.0, False))
    assert heard.lufs == pytest.approx(job.quality["loudness_lufs"], abs=0.1)
    assert heard.peak_dbtp is not None
    assert heard.peak_dbtp <= -1
