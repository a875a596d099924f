"""The main job over HTTP, from an uploaded picture to the film's bytes; the worker's tasks are called by hand."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from media_assets.models import MediaAsset
from rendering import tasks
from rendering.models import Job, Storyboard
from tests import footage
from tests.api.conftest import scene, url
from tests.base import Api, problem


def work_off(job_id: str) -> Job:
    """What a worker does when the bell rings, until the job has ended."""
    for _ in range(20):
        job = Job.objects.get(pk=job_id)
        if job.has_ended:
            return job
        tasks.run_job(job_id)
        for child in (*job.segments.filter(status="queued"), *job.predictions.filter(status="queued")):
            (tasks.run_segment if child.TASK == "rendering.tasks.run_segment" else tasks.run_prediction)(str(child.pk))
    raise AssertionError("The job does not end.")


def bytes_of(response: Any) -> bytes:
    """The body of a streamed answer; reading it to its end closes it."""
    return b"".join(response.streaming_content)


def test_pictures_become_a_reviewed_film(author_api: Api, reviewer_api: Api, tmp_path: Path) -> None:
    pictures = []
    for seed in range(2):
        file = footage.picture(tmp_path / f"{seed}.png", (160, 90), seed=seed)
        upload = SimpleUploadedFile(file.name, file.read_bytes(), "image/png")
        sent = author_api.post("/api/v1/media/", {"file": upload}, format="multipart")
        assert sent.status_code == 201, sent.content
        pictures.append(MediaAsset(pk=sent.json()["id"]))
    document = {
        "title": "Two seas",
        "width": 160,
        "height": 90,
        "fps": 10,
        "scenes": [
            scene(pictures[0], caption="Dawn"),
            scene(pictures[1], motion="zoom_in", transition={"kind": "crossfade", "duration": 0.5}),
        ],
    }
    board = author_api.post("/api/v1/storyboards/", document).json()
    path = board["urls"]["self"]
    problem(author_api.post(f"{path}/render/"), 409, "not_approved")
    assert author_api.post(f"{path}/submit/").json()["status"] == "in_review"
    problem(author_api.post(f"{path}/approve/", {"revision": 1}), 403, "permission_denied")
    assert reviewer_api.post(f"{path}/approve/", {"revision": 1}).json()["status"] == "approved"

    ordered = author_api.post(f"{path}/render/", {"metadata": {"order": 17}})
    assert ordered.status_code == 202
    job = ordered.json()
    assert (job["status"], job["progress"]["scenes_total"], job["progress"]["scenes_completed"]) == ("queued", 2, 0)
    problem(author_api.get(f"/api/v1/videos/{job['id']}/combined"), 404, "not_found")

    work_off(job["id"])
    done = author_api.get(ordered["Location"]).json()
    assert (done["status"], done["error"], done["metadata"]) == ("completed", None, {"order": 17})
    assert done["progress"]["scenes_completed"] == done["progress"]["scenes_total"] == 2
    assert (done["progress"]["fraction"], done["progress"]["message"]) == (1.0, "Video rendering complete!")
    assert (done["actual_cost"], done["currency"]) == ("0.00", "USD")
    assert done["video_url"] == done["urls"]["result"] == f"/api/v1/videos/{job['id']}/combined"
    [result] = done["results"]
    assert (result["frames"], result["duration"], result["width"], result["height"], result["format"]) == (
        15, 1.5, 160, 90, "mp4",
    )  # fmt: skip

    film = bytes_of(author_api.get(done["video_url"]))
    assert (len(film), hashlib.sha256(film).hexdigest()) == (result["size"], result["checksum"])
    seen = tmp_path / "film.mp4"
    seen.write_bytes(film)
    assert len(footage.numbers_of(seen)) == 15
    part = author_api.get(done["video_url"], headers={"Range": "bytes=4-7"})
    assert (part.status_code, part["Content-Range"], bytes_of(part)) == (206, f"bytes 4-7/{len(film)}", b"ftyp")
    assert author_api.head(done["video_url"])["Content-Length"] == str(len(film))

    files = author_api.get(f"/api/v1/videos/{job['id']}/files/").json()["results"]
    assert {file["name"]: file["content_type"] for file in files} == {
        "final.mp4": "video/mp4",
        "poster.jpg": "image/jpeg",
    }
    assert bytes_of(author_api.get(files[0]["url"], headers={"Accept": "video/mp4"})) == film

    again = author_api.post(f"{path}/render/")
    assert (again.status_code, again.json()["id"]) == (200, job["id"])
    new = author_api.post(f"{path}/render/", {"force": True})
    assert (new.status_code, new.json()["id"] != job["id"]) == (202, True)
    work_off(new.json()["id"])
    assert all(segment.cached for segment in Job.objects.get(pk=new.json()["id"]).segments.all())


def test_an_edit_between_order_and_render_fails_the_job(
    author_api: Api, reviewer_api: Api, document: dict[str, Any]
) -> None:
    board = author_api.post("/api/v1/storyboards/", document).json()
    path = board["urls"]["self"]
    author_api.post(f"{path}/submit/")
    job = reviewer_api.post(f"{path}/approve/", {"revision": 1, "render": True}).json()
    author_api.patch(path, {"title": "One word more"})
    work_off(job["id"])
    failed = author_api.get(job["urls"]["self"]).json()
    assert (failed["status"], failed["video_url"]) == ("failed", None)
    assert failed["error"] == {"code": "not_approved", "detail": "Storyboard must be approved"}
    problem(author_api.post(job["urls"]["retry"]), 409, "not_approved")


def test_a_picture_that_vanished_fails_the_job_and_a_retry_finds_the_new_one(
    author_api: Api, reviewer_api: Api, document: dict[str, Any], picture: MediaAsset
) -> None:
    path = author_api.post("/api/v1/storyboards/", document).json()["urls"]["self"]
    author_api.post(f"{path}/submit/")
    job = reviewer_api.post(f"{path}/approve/", {"revision": 1, "render": True}).json()
    MediaAsset.objects.filter(pk=picture.pk).update(status="failed", error_code="input_gone")
    work_off(job["id"])
    failed = author_api.get(job["urls"]["self"]).json()
    assert failed["error"]["code"] == "asset_not_ready"
    assert author_api.get(path).json()["status"] == "approved"
    MediaAsset.objects.filter(pk=picture.pk).update(status="ready")
    again = author_api.post(job["urls"]["retry"])
    assert (again.status_code, again.json()["retry_of"]) == (202, job["id"])
    assert work_off(again.json()["id"]).status == "completed"


def test_a_still_is_a_picture_of_the_film(author_api: Api, board: Any) -> None:
    path = f"/api/v1/storyboards/{board.pk}/still.jpg"
    response = author_api.get(f"{path}?at=0.5", headers={"Accept": "image/jpeg"})
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    with footage.Image.open(BytesIO(response.content)) as image:
        assert (image.format, image.size) == ("JPEG", (64, 64))
    assert author_api.get(f"{path}?at=99").status_code == 200
    for query in ("at=-1", "at=now", "at=nan", "when=1", "r=0", "r=now"):
        problem(author_api.get(f"{path}?{query}"), 400, "validation_error")


def test_a_still_is_kept_only_for_the_revision_that_it_shows(author_api: Api, board: Storyboard) -> None:
    path = f"/api/v1/storyboards/{board.pk}/still.jpg?at=0.5"
    for stale in (path, f"{path}&r=2"):
        assert author_api.get(stale)["Cache-Control"] == "private, no-cache"
    kept = author_api.get(f"{path}&r=1")
    assert kept["Cache-Control"] == "private, max-age=3600"
    same = author_api.get(path, headers={"If-None-Match": kept["ETag"]})
    assert (same.status_code, same.content, same["Cache-Control"]) == (304, b"", "private, no-cache")

    changed = [scene | {"caption": "Another"} for scene in author_api.get(url(board)).json()["scenes"]]
    assert author_api.patch(url(board), {"scenes": changed}).json()["revision"] == 2
    after = author_api.get(path, headers={"If-None-Match": kept["ETag"]})
    assert after.status_code == 200 and after["ETag"] != kept["ETag"]
    assert author_api.get(f"{path}&r=1")["Cache-Control"] == "private, no-cache"
    assert author_api.get(f"{path}&r=2")["Cache-Control"] == "private, max-age=3600"


def test_a_brief_becomes_scenes_with_pictures(author_api: Api) -> None:
    path = author_api.post("/api/v1/storyboards/", {"title": "Tides", "quality": "draft", "scenes": []}).json()["urls"][
        "self"
    ]
    ordered = author_api.post(f"{path}/generate/", {"brief": "The tide comes in.\n\nThe tide goes out.", "scenes": 2})
    assert (ordered.status_code, ordered.json()["kind"]) == (202, "generate")
    done = work_off(ordered.json()["id"])
    assert (done.status, done.error_detail) == ("completed", "")
    board = author_api.get(path).json()
    assert len(board["scenes"]) == 2
    assert author_api.post(f"{path}/submit/").status_code == 200
    body = author_api.get(ordered["Location"]).json()
    assert (body["progress"]["fraction"], body["results"], body["video_url"]) == (1.0, [], None)
