"""Finished films over HTTP: who gets them, and what is said when there is none."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from media_assets.models import MediaAsset
from rendering.models import Job, JobResult, Storyboard
from rendering.workflow import order, review, write
from tests import footage
from tests.api.conftest import keep
from tests.base import Api, problem
from tests.workflow.queue import work_off


@pytest.fixture
def film(approved: Storyboard, tmp_path: Path) -> JobResult:
    """The film of a job that is completed."""
    job, _ = order.render(approved)
    asset = keep(footage.film(tmp_path / "film.mp4", 0.5, 10, (64, 64)), job.owner)
    Job.objects.claim(job.pk).finish()
    return JobResult.objects.create(job=job, asset=asset, format="mp4", duration=0.5, frames=5, width=64, height=64)


def path(job_id: object, rest: str = "combined") -> str:
    return f"/api/v1/videos/{job_id}/{rest}"


@pytest.mark.parametrize("range_", ["bytes=0-", "bytes=0-1", "bytes=-16"])
def test_a_player_gets_the_part_that_it_asks_for(author_api: Api, film: JobResult, range_: str) -> None:
    whole = b"".join(author_api.get(path(film.job_id)).streaming_content)  # type: ignore[attr-defined]
    assert len(whole) == film.asset.size
    response = author_api.get(path(film.job_id), headers={"Range": range_})
    part = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    first, last = response["Content-Range"].removeprefix("bytes ").partition("/")[0].split("-")
    assert (response.status_code, part) == (206, whole[int(first) : int(last) + 1])


def test_who_has_the_film_needs_it_no_second_time(author_api: Api, film: JobResult) -> None:
    seen = author_api.head(path(film.job_id))["ETag"]
    assert seen == f'"{film.asset.checksum[:32]}"'
    assert author_api.get(path(film.job_id), headers={"If-None-Match": seen}).status_code == 304


def test_a_range_beyond_the_end_is_refused(author_api: Api, film: JobResult) -> None:
    problem(author_api.get(path(film.job_id), headers={"Range": "bytes=999999-"}), 416, "range_not_satisfiable")


def test_a_job_without_a_film_says_so(author_api: Api, approved: Storyboard) -> None:
    job, _ = order.render(approved)
    for unknown in (job.pk, uuid.uuid4()):
        body = problem(author_api.get(path(unknown)), 404, "not_found")
        assert body["detail"] == "Combined video not found"
    assert author_api.get(path(job.pk, "files/")).json()["results"] == []


def test_a_film_is_not_there_for_strangers(stranger_api: Api, api: type[Api], film: JobResult) -> None:
    for rest in ("combined", "files/", "files/final.mp4"):
        problem(stranger_api.get(path(film.job_id, rest)), 404, "not_found")
        problem(api().get(path(film.job_id, rest)), 401, "authentication_required")


def test_staff_see_every_film(reviewer_api: Api, film: JobResult) -> None:
    assert reviewer_api.head(path(film.job_id)).status_code == 200


def test_files_are_found_by_their_names(author_api: Api, film: JobResult) -> None:
    files = author_api.get(path(film.job_id, "files/")).json()["results"]
    assert [(file["name"], file["url"]) for file in files] == [("final.mp4", path(film.job_id, "files/final.mp4"))]
    assert files[0]["size"] == film.asset.size
    assert 'filename="final.mp4"' in author_api.head(files[0]["url"])["Content-Disposition"]
    problem(author_api.get(path(film.job_id, "files/other.mp4")), 404, "not_found")


def test_a_film_is_not_deleted_from_the_library(author_api: Api, film: JobResult) -> None:
    problem(author_api.delete(f"/api/v1/media/{film.asset_id}/"), 409, "asset_in_use")
    assert MediaAsset.objects.alive().filter(pk=film.asset_id).exists()


@pytest.fixture
def rendered(
    document: dict[str, Any], author: User, reviewer: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Job:
    """A job that rendered captions, a WebM and a preview."""
    monkeypatch.setattr(settings, "SEGMENTS_DIR", tmp_path / "segments")
    board = review.submit(write.create(author, document | {"captions": "both"}), author)
    review.approve(board, reviewer, board.revision)
    return work_off(order.render(board, {"formats": ["webm", "gif"]})[0])


FILES = {
    "final.mp4": ("video/mp4", b"ftyp"),
    "1x1.webm": ("video/webm", b"\x1a\x45\xdf\xa3"),
    "preview.gif": ("image/gif", b"GIF89a"),
    "poster.jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "captions.srt": (
        "application/x-subrip; charset=utf-8",
        b"1\n00:00:00,000 --> 00:00:00,750\nThe old harbour at dawn",
    ),
    "captions.vtt": ("text/vtt; charset=utf-8", b"WEBVTT\n\n1\n00:00:00.000 --> 00:00:00.750\nThe old harbour"),
}


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_every_file_of_a_job_is_listed_and_given_out_with_ranges(author_api: Api, rendered: Job) -> None:
    listed = author_api.get(path(rendered.pk, "files/")).json()["results"]
    assert {file["name"]: file["content_type"] for file in listed} == {name: kind for name, (kind, _) in FILES.items()}
    for file in listed:
        response = author_api.get(file["url"])
        whole = content(response)
        kind, beginning = FILES[file["name"]]
        assert (response["Content-Type"], len(whole)) == (kind, file["size"])
        assert beginning in whole[:100]
        part = author_api.get(file["url"], headers={"Range": "bytes=2-9"})
        assert (part.status_code, content(part)) == (206, whole[2:10])
        seen = author_api.get(file["url"], headers={"If-None-Match": response["ETag"]})
        assert seen.status_code == 304
        assert f'filename="{file["name"]}"' in response["Content-Disposition"]


def test_a_job_names_its_results_its_clips_and_what_was_measured(author_api: Api, rendered: Job) -> None:
    body = author_api.get(f"/api/v1/jobs/{rendered.pk}/").json()
    assert [(made["name"], made["format"]) for made in body["results"]] == [
        ("final.mp4", "mp4"),
        ("1x1.webm", "webm"),
        ("preview.gif", "gif"),
    ]
    scenes = [scene["id"] for scene in rendered.document["scenes"]]
    assert body["clips"] == [
        {"scene": scene, "name": f"scene-00{number}.mp4", "url": path(rendered.pk, f"clips/scene-00{number}.mp4")}
        for number, scene in enumerate(scenes, start=1)
    ]
    assert author_api.get(path(rendered.pk, "clips/")).json()["results"] == body["clips"]
    assert body["quality"] == {"loudness_lufs": None, "true_peak_dbtp": None, "findings": []}


def test_a_clip_is_a_film_of_its_own(author_api: Api, rendered: Job, tmp_path: Path) -> None:
    place = path(rendered.pk, "clips/scene-002.mp4")
    head = author_api.head(place)
    whole = content(author_api.get(place))
    assert len(whole) == int(head["Content-Length"])
    (tmp_path / "clip.mp4").write_bytes(whole)
    assert len(footage.numbers_of(tmp_path / "clip.mp4")) == 8
    part = author_api.get(place, headers={"Range": "bytes=-10"})
    assert (part.status_code, content(part)) == (206, whole[-10:])
    assert part["ETag"] == head["ETag"]


@pytest.mark.parametrize("name", ["scene-003.mp4", "scene-000.mp4", "scene-1.mp4", "final.mp4", "..%2Ffinal.mp4"])
def test_a_clip_that_is_not_there_is_not_found(name: str, author_api: Api, film: JobResult) -> None:
    problem(author_api.get(path(film.job_id, f"clips/{name}")), 404, "not_found")


def test_clips_are_not_there_for_strangers(stranger_api: Api, rendered: Job) -> None:
    for rest in ("clips/", "clips/scene-001.mp4", "files/captions.vtt"):
        problem(stranger_api.get(path(rendered.pk, rest)), 404, "not_found")
