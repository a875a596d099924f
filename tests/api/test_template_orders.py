"""Direct orders over HTTP: a template's film from its parameters alone, as JSON or as a form, kept or fetched once."""

import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from PIL import Image

from media_assets.models import MediaAsset
from rendering import tasks
from rendering.engine import launch
from rendering.models import Job
from rendering.states import JobState
from rendering.workflow import ephemeral
from tests import footage
from tests.api.conftest import keep
from tests.base import Api, problem
from tests.workflow.queue import work_off
from videoserver.work import recover
from videoserver.work.sandbox import ChildFailed

CLOSING = {"title": "See you aboard", "call_to_action": "Book"}
SMALL = {"quality": "draft", "fps": 5, "duration": 0.6}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test renders its segments itself."""
    monkeypatch.setattr(settings, "SEGMENTS_DIR", tmp_path / "segments")


@pytest.fixture
def boat(author: Any, tmp_path: Path) -> MediaAsset:
    """A video of 1.2 seconds in the author's library."""
    return keep(footage.film(tmp_path / "boat.mp4", 1.2, 10, (160, 90), sound=True), author)


def url(name: str, rest: str = "render/") -> str:
    return f"/api/v1/templates/{name}/{rest}"


def order(client: Api, name: str, body: dict[str, Any], **headers: Any) -> Any:
    return client.post(url(name), body, format="json", **headers)


def job_of(response: Any) -> Job:
    return Job.objects.get(pk=response.json()["id"])


def form_file(path: Path, kind: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(path.name, path.read_bytes(), kind)


def test_an_order_becomes_a_film_without_storyboard_or_approval(
    author_api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    response = order(author_api, "closing", {"params": CLOSING, **SMALL, "filename": "last.mp4", "metadata": {"n": 1}})
    body = response.json()
    assert response.status_code == 202
    assert (body["kind"], body["status"], body["storyboard"]) == ("template", "queued", None)
    assert response["Location"] == body["urls"]["self"]
    job = work_off(job_of(response))
    assert (job.status, job.error_detail) == (JobState.COMPLETED, "")
    assert f"/closing_{job.pk}_" in caplog.text, "leftovers would tell what made them"
    done = author_api.get(body["urls"]["self"]).json()
    (result,) = done["results"]
    assert (result["frames"], result["width"], result["height"], result["aspect_ratio"]) == (3, 640, 360, "16:9")
    assert done["metadata"] == {"n": 1}
    assert done["progress"]["fraction"] == 1
    film = author_api.get(done["video_url"])
    assert b"".join(film.streaming_content)[4:8] == b"ftyp"
    assert "last.mp4" in film["Content-Disposition"]
    assert b"".join(author_api.get(done["video_url"]).streaming_content), "what is kept stays"


def test_a_film_is_as_long_as_its_video_unless_told(author_api: Api, boat: MediaAsset) -> None:
    params = {"video": str(boat.pk), "team": "Lab", "full_name": "Ada Lind", "role": "Captain"}
    own = order(author_api, "intro", {"params": params, "aspect_ratio": "9:16"})
    assert job_of(own).document["scenes"][0]["duration"] == pytest.approx(1.2, abs=0.05)
    told = order(author_api, "intro", {"params": params, "duration": 2})
    assert job_of(told).document["scenes"][0]["duration"] == 2
    still = order(author_api, "closing", {"params": CLOSING})
    assert job_of(still).document["scenes"][0]["duration"] == 5


def test_both_spellings_of_a_name_are_one(author_api: Api) -> None:
    params = {"title": "How", "steps": [{"title": "One", "text": "Do it"}]}
    for name in ("how-it-works", "how_it_works"):
        assert order(author_api, name, {"params": params}).status_code == 202
    problem(order(author_api, "movie", {"params": {}}), 404, "not_found")


def test_every_wrong_place_is_named(author_api: Api) -> None:
    body = {
        "params": {"title": "How", "steps": [{"title": "x" * 61, "text": "y"}, {"text": 5, "typo": 1}], "colour": 1},
        "duration": 0.1,
        "aspect_ratio": "2:1",
        "fps": 61,
        "delivery": "later",
        "brand": {"color": "red"},
        "unknown": 1,
    }
    found = problem(order(author_api, "how-it-works", body), 400, "validation_error")["errors"]
    assert {(each["pointer"], each["code"]) for each in found} == {
        ("/params/steps/0/title", "max_length"),
        ("/params/steps/1/title", "required"),
        ("/params/steps/1/text", "invalid"),
        ("/params/steps/1/typo", "unknown"),
        ("/params/colour", "unknown"),
        ("/duration", "min_value"),
        ("/aspect_ratio", "invalid_choice"),
        ("/fps", "max_value"),
        ("/delivery", "invalid_choice"),
        ("/brand/color", "invalid"),
        ("/unknown", "unknown"),
    }
    (missing,) = problem(order(author_api, "picture", {}), 400, "validation_error")["errors"]
    assert missing == {"pointer": "/params/image", "code": "required", "detail": "This is required."}
    problem(order(author_api, "picture", {"params": [1]}), 400, "validation_error")
    assert not Job.objects.exists()


def test_only_assets_of_ones_own_and_of_the_right_kind_can_be_ordered(
    author_api: Api, boat: MediaAsset, foreign_picture: MediaAsset
) -> None:
    for wrong in (str(foreign_picture.pk), str(boat.pk), "pier.png"):
        body = problem(order(author_api, "picture", {"params": {"image": wrong}}), 400, "asset_not_found")
        assert body["errors"][0]["pointer"] == "/params/image"


def test_a_form_brings_its_files_along(author_api: Api, tmp_path: Path) -> None:
    photo = footage.picture(tmp_path / "mira.png", (200, 200))
    form = {
        "name": "Mira",
        "role": "Baker",
        "photo": form_file(photo, "image/png"),
        "traits": json.dumps(["early", "quick"]),
        "duration": "0.6",
        "fps": "5",
        "quality": "draft",
        "brand": json.dumps({"color": "#ff0000"}),
        "metadata": json.dumps({"a": 1}),
    }
    response = author_api.post(url("persona"), form, format="multipart")
    assert response.status_code == 202, response.content
    job = job_of(response)
    scene = job.document["scenes"][0]
    stored = MediaAsset.objects.get(pk=scene["params"]["photo"])
    assert (stored.name, stored.type) == ("mira.png", "image")
    assert scene["params"]["traits"] == ["early", "quick"]
    assert (scene["duration"], job.document["fps"], job.document["brand"]["color"]) == (0.6, 5, "#ff0000")
    assert work_off(job).status == JobState.COMPLETED


def test_an_id_in_a_form_is_as_good_as_a_file(author_api: Api, picture: MediaAsset) -> None:
    response = author_api.post(url("picture"), {"image": str(picture.pk), "motion": "zoom_in"}, format="multipart")
    assert job_of(response).document["scenes"][0]["params"] == {"image": str(picture.pk), "motion": "zoom_in"}


def test_a_forms_errors_name_its_fields_and_leave_no_file(author_api: Api, tmp_path: Path) -> None:
    photo = footage.picture(tmp_path / "mira.png", (200, 200))
    form = {"name": "Mira", "photo": form_file(photo, "image/png"), "traits": "not JSON", "duration": "long"}
    body = problem(author_api.post(url("persona"), form, format="multipart"), 400, "validation_error")
    assert {each["pointer"] for each in body["errors"]} == {"/role", "/traits", "/duration"}
    wrong = {"video": form_file(photo, "image/png"), "title": "Demo"}
    body = problem(author_api.post(url("demo"), wrong, format="multipart"), 422, "unexpected_type")
    assert body["errors"][0]["pointer"] == "/video"
    broken = {"image": SimpleUploadedFile("a.png", b"no picture at all", "image/png")}
    body = problem(author_api.post(url("picture"), broken, format="multipart"), 422, "unexpected_type")
    assert body["errors"][0]["pointer"] == "/image"
    assert not MediaAsset.objects.exists()
    assert not Job.objects.exists()


def test_the_same_key_orders_once(author_api: Api) -> None:
    first, second = (order(author_api, "closing", {"params": CLOSING}, HTTP_IDEMPOTENCY_KEY="k-1") for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert second["Idempotent-Replayed"] == "true"
    assert Job.objects.count() == 1
    problem(order(author_api, "closing", {"params": {}}, HTTP_IDEMPOTENCY_KEY="k-1"), 422, "idempotency_key_reused")


def test_orders_need_the_scope_to_write(api: type[Api], author: Any) -> None:
    problem(order(api(), "closing", {"params": CLOSING}), 401, "authentication_required")
    problem(order(api(author, "read"), "closing", {"params": CLOSING}), 403, "scope_missing")


def test_a_failed_order_can_be_ordered_again(author_api: Api) -> None:
    job = job_of(order(author_api, "closing", {"params": CLOSING, **SMALL}))
    author_api.post(f"/api/v1/jobs/{job.pk}/cancel/")
    again = author_api.post(f"/api/v1/jobs/{job.pk}/retry/")
    assert (again.status_code, again.json()["retry_of"]) == (202, str(job.pk))
    assert work_off(job_of(again)).status == JobState.COMPLETED


# Results that are fetched once


@pytest.fixture
def fetched(author_api: Api) -> Job:
    """A finished order whose result is there to be fetched once."""
    return work_off(job_of(order(author_api, "closing", {"params": CLOSING, **SMALL, "delivery": "ephemeral"})))


def film_url(job: Job) -> str:
    return f"/api/v1/videos/{job.pk}/combined"


def keys_of(job: Job) -> list[str]:
    asset = job.results.get().asset
    return [asset.key, asset.thumbnail_key]


def test_a_whole_get_is_a_results_end(author_api: Api, fetched: Job) -> None:
    keys = keys_of(fetched)
    response = author_api.get(film_url(fetched))
    data = b"".join(response.streaming_content)
    assert len(data) == int(response["Content-Length"])
    assert not any(storages["media"].exists(key) for key in keys if key)
    assert not MediaAsset.objects.exists()
    problem(author_api.get(film_url(fetched)), 404, "not_found")
    seen = author_api.get(f"/api/v1/jobs/{fetched.pk}/").json()
    assert (seen["status"], seen["video_url"], seen["results"]) == ("completed", None, [])


def test_parts_and_heads_leave_it(author_api: Api, fetched: Job) -> None:
    size = fetched.results.get().asset.size
    for headers in ({"HTTP_RANGE": "bytes=0-99"}, {"HTTP_RANGE": f"bytes=1-{size - 1}"}):
        assert b"".join(author_api.get(film_url(fetched), **headers).streaming_content)
    assert author_api.head(film_url(fetched)).status_code == 200
    assert author_api.get(film_url(fetched), HTTP_RANGE="bytes=99999999-").status_code == 416
    assert b"".join(author_api.get(film_url(fetched), HTTP_RANGE="bytes=0-").streaming_content)
    problem(author_api.get(film_url(fetched)), 404, "not_found")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_answer_that_breaks_off_is_its_end_too(author_api: Api, fetched: Job) -> None:
    response = author_api.get(film_url(fetched))
    next(iter(response.streaming_content))
    response.close()
    problem(author_api.get(film_url(fetched)), 404, "not_found")


def test_what_nobody_fetches_is_swept(author_api: Api, fetched: Job, tmp_path: Path) -> None:
    ephemeral.sweep()
    assert fetched.results.exists()
    Job.objects.filter(pk=fetched.pk).update(finished_at=timezone.now() - timedelta(seconds=settings.RESULT_TTL + 1))
    ephemeral.sweep()
    ephemeral.sweep()
    assert not MediaAsset.objects.exists()
    fetched.refresh_from_db()
    assert fetched.status == JobState.COMPLETED


def test_what_was_sent_along_goes_with_it(author_api: Api, tmp_path: Path) -> None:
    form = {
        "image": form_file(footage.picture(tmp_path / "pier.png", (64, 64)), "image/png"),
        "delivery": "ephemeral",
        **{key: str(value) for key, value in SMALL.items()},
    }
    job = work_off(job_of(author_api.post(url("picture"), form, format="multipart")))
    assert MediaAsset.objects.filter(name="pier.png").exists()
    ephemeral.end(job.pk)
    assert not MediaAsset.objects.exists()


@pytest.fixture
def working() -> Iterator[None]:
    """A worker beside the test, for answers that wait."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            for job in Job.objects.exclude(status__in=("completed", "failed", "canceled")):
                work_off(job)
            time.sleep(0.02)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.usefixtures("working")
def test_whoever_waits_for_a_film_gets_the_file(author_api: Api) -> None:
    asked = {"HTTP_ACCEPT": "video/mp4", "HTTP_PREFER": "wait=60"}
    response = order(author_api, "closing", {"params": CLOSING, **SMALL}, **asked)
    assert (response.status_code, response["Content-Type"]) == (200, "video/mp4")
    assert 'filename="output.mp4"' in response["Content-Disposition"]
    assert response["Preference-Applied"] == "wait=60"
    assert b"".join(response.streaming_content)[4:8] == b"ftyp"
    assert not MediaAsset.objects.exists(), "it was there to be fetched once"
    kept = order(author_api, "closing", {"params": CLOSING, **SMALL, "delivery": "keep", "filename": "a/last"}, **asked)
    assert 'filename="last.mp4"' in kept["Content-Disposition"]
    assert b"".join(kept.streaming_content)
    assert MediaAsset.objects.filter(type="video").count() == 1


def test_who_waits_in_vain_gets_the_job(author_api: Api) -> None:
    response = order(author_api, "closing", {"params": CLOSING}, HTTP_ACCEPT="video/mp4", HTTP_PREFER="wait=1")
    assert (response.status_code, response["Content-Type"]) == (202, "application/json")
    assert response.json()["kind"] == "template"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(
    ("code", "status", "detail"),
    [
        ("input_gone", 422, "Oh."),
        ("attempts_exhausted", 500, "Processing failed: Oh."),
        ("processing_timeout", 500, "Oh."),
        ("output_missing", 500, "Oh."),
    ],
)
def test_who_waits_for_a_film_that_fails_gets_the_reason(author_api: Api, code: str, status: int, detail: str) -> None:
    def fail() -> None:
        while not Job.objects.filter(status="queued").update(status="failed", error_code=code, error_detail="Oh."):
            time.sleep(0.02)
        connection.close()

    thread = threading.Thread(target=fail)
    thread.start()
    asked = {"HTTP_ACCEPT": "video/mp4", "HTTP_PREFER": "wait=20"}
    response = order(author_api, "closing", {"params": CLOSING}, **asked)
    thread.join()
    assert problem(response, status, code)["detail"] == detail


def test_an_order_that_takes_too_long_says_so(author_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PROCESS_TIMEOUT", 7)
    job = job_of(order(author_api, "closing", {"params": CLOSING, **SMALL}))
    tasks.run_job(str(job.pk))
    job.refresh_from_db()
    assert job.seconds_allowed == 7
    Job.objects.filter(pk=job.pk).update(deadline_at=timezone.now())
    recover.reap()
    job.refresh_from_db()
    assert (job.status, job.error_code, job.error_detail) == ("failed", "processing_timeout", "Processing timed out")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ChildFailed("child_died", "The child was killed by SIGKILL."), "FFmpeg failed for {}: The child was killed"),
        (ChildFailed("render_timeout", "Video rendering timeout"), "FFmpeg timed out for {}"),
    ],
)
def test_the_log_says_where_a_child_failed(
    author_api: Api,
    error: ChildFailed,
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    job = job_of(order(author_api, "closing", {"params": CLOSING, **SMALL}))
    error.folder = tmp_path

    def die(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(launch, "segment", die)
    tasks.run_job(str(job.pk))
    tasks.run_segment(str(job.segments.get().pk))
    assert line.format(tmp_path) in caplog.text


# Stills


def picture_of(response: Any) -> Image.Image:
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg"), response.content
    return Image.open(io.BytesIO(response.content))


@pytest.mark.parametrize("name", ["intro", "announcement", "how-it-works", "persona", "demo", "closing", "picture"])
def test_a_still_needs_no_parameters_and_no_upload(author_api: Api, name: str) -> None:
    still = picture_of(author_api.get(url(name, "still.jpg"), {"quality": "draft", "aspect_ratio": "4:5"}))
    assert still.size == (360, 450)
    assert len(still.resize((16, 16)).getcolors(256) or []) > 16, "there is something to see"
    assert not MediaAsset.objects.exists()


def test_a_still_shows_the_parameters_at_the_time(author_api: Api, picture: MediaAsset) -> None:
    params = json.dumps({"title": "Hello", "body": "World", "image": str(picture.pk)})
    asked = {"params": params, "quality": "draft", "color": "#ff0000"}
    before, after = (picture_of(author_api.get(url("announcement", "still.jpg"), {**asked, "at": at})) for at in (0, 3))
    red, green, blue = before.getpixel((4, 300))
    assert red > 120 > max(green, blue) + 60
    assert before.tobytes() != after.tobytes()


def test_a_stills_errors_have_pointers(author_api: Api, foreign_picture: MediaAsset) -> None:
    path = url("announcement", "still.jpg")
    wrong = problem(author_api.get(path, {"params": '{"title": 5}'}), 400, "validation_error")["errors"]
    assert {each["pointer"] for each in wrong} == {"/params/title", "/params/body"}
    problem(author_api.get(path, {"params": "{"}), 400, "validation_error")
    problem(author_api.get(path, {"aspect_ratio": "2:1"}), 400, "validation_error")
    theirs = json.dumps({"title": "a", "body": "b", "image": str(foreign_picture.pk)})
    problem(author_api.get(path, {"params": theirs}), 400, "asset_not_found")
