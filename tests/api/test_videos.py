"""Finished films over HTTP: who gets them, and what is said when there is none."""

import uuid
from pathlib import Path

import pytest

from media_assets.models import MediaAsset
from rendering.models import Job, JobResult, Storyboard
from rendering.workflow import order
from tests import footage
from tests.api.conftest import keep
from tests.base import Api, problem


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
    assert [(file["name"], file["url"]) for file in files] == [
        ("final.mp4", path(film.job_id, "files/final.mp4")),
        ("poster.jpg", path(film.job_id, "files/poster.jpg")),
    ]
    assert files[0]["size"] == film.asset.size
    assert 'filename="final.mp4"' in author_api.head(files[0]["url"])["Content-Disposition"]
    problem(author_api.get(path(film.job_id, "files/other.mp4")), 404, "not_found")


def test_a_film_is_not_deleted_from_the_library(author_api: Api, film: JobResult) -> None:
    problem(author_api.delete(f"/api/v1/media/{film.asset_id}/"), 409, "asset_in_use")
    assert MediaAsset.objects.alive().filter(pk=film.asset_id).exists()
