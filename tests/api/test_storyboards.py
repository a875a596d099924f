"""Storyboards over HTTP: the document goes in, comes out, is edited and goes in again."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from media_assets.models import MediaAsset
from rendering.models import AssetUse, Job, Storyboard
from rendering.workflow import order, write
from tests.api.conftest import scene, url
from tests.base import Api, problem

LIST = "/api/v1/storyboards/"
READ_ONLY = {
    "id", "owner", "status", "revision", "content_hash", "approval", "duration", "estimated_cost", "currency",
    "created_at", "updated_at", "urls",
}  # fmt: skip


def test_a_document_becomes_a_draft_of_its_author(author_api: Api, document: dict[str, Any]) -> None:
    response = author_api.post(LIST, document)
    body = response.json()
    assert response.status_code == 201
    assert response["Location"] == f"/api/v1/storyboards/{body['id']}"
    assert response["ETag"] == '"r1"'
    assert (body["owner"], body["status"], body["revision"], body["approval"]) == ("author", "draft", 1, None)
    assert (body["estimated_cost"], body["currency"]) == ("0.00", "USD")
    assert [part["position"] for part in body["scenes"]] == [0, 1]
    assert body["metadata"] == {"order": 17}
    assert AssetUse.objects.filter(storyboard=body["id"]).count() == 2


def test_the_duration_counts_what_overlaps_once(author_api: Api, board: Storyboard) -> None:
    assert author_api.get(url(board)).json()["duration"] == 1.75


def test_a_title_and_no_scenes_are_enough_for_a_draft(author_api: Api, author: User) -> None:
    body = author_api.post(LIST, {"title": "An idea", "scenes": []}).json()
    assert (body["aspect_ratio"], body["quality"], body["fps"], body["duration"]) == ("16:9", "1080p", 30, 0.0)


def test_a_read_document_is_written_back_without_a_change(author_api: Api, board: Storyboard) -> None:
    read = author_api.get(url(board)).json()
    assert set(read) > READ_ONLY
    written = author_api.put(url(board), read)
    assert written.status_code == 200, written.content
    assert {**written.json(), "updated_at": ""} == {**read, "updated_at": ""}


@pytest.mark.parametrize("seconds", [0.5625, 2 / 3, 4.1234])
def test_a_duration_is_kept_as_it_was_written(author_api: Api, document: dict[str, Any], seconds: float) -> None:
    document["scenes"][0]["duration"] = seconds
    read = author_api.post(LIST, document).json()
    assert read["scenes"][0]["duration"] == seconds
    path = read["urls"]["self"]
    assert author_api.put(path, author_api.get(path).json()).json()["revision"] == 1


def test_an_edit_is_one_new_revision_and_keeps_the_scenes_ids(author_api: Api, board: Storyboard) -> None:
    read = author_api.get(url(board)).json()
    read["scenes"].reverse()
    read["scenes"][0].pop("transition")
    read["scenes"][1]["caption"] = "Noon"
    response = author_api.put(url(board), read)
    body = response.json()
    assert (body["revision"], response["ETag"]) == (2, '"r2"')
    assert body["content_hash"] != read["content_hash"]
    assert [part["id"] for part in body["scenes"]] == [part["id"] for part in read["scenes"]]
    assert [part["position"] for part in body["scenes"]] == [0, 1]


def test_patch_replaces_the_keys_that_it_names(author_api: Api, board: Storyboard) -> None:
    body = author_api.patch(url(board), {"title": "Evening", "fps": 10}).json()
    assert (body["title"], body["fps"], body["revision"], len(body["scenes"])) == ("Evening", 10, 2, 2)


def test_metadata_and_campaign_are_no_content(author_api: Api, board: Storyboard) -> None:
    campaign = author_api.post("/api/v1/campaigns/", {"name": "Spring", "budget": "10"}).json()["id"]
    body = author_api.patch(url(board), {"metadata": {"a": 1}, "campaign": campaign}).json()
    assert (body["revision"], body["metadata"], body["campaign"]) == (1, {"a": 1}, campaign)


def test_a_write_on_another_revision_is_refused(author_api: Api, board: Storyboard) -> None:
    seen = author_api.get(url(board))["ETag"]
    assert author_api.patch(url(board), {"title": "Mine"}, headers={"If-Match": seen}).status_code == 200
    problem(author_api.patch(url(board), {"title": "Theirs"}, headers={"If-Match": seen}), 412, "precondition_failed")
    problem(author_api.delete(url(board), headers={"If-Match": seen}), 412, "precondition_failed")
    assert author_api.get(url(board)).json()["title"] == "Mine"


def test_a_read_shows_the_present_status_although_the_revision_is_the_same(
    author_api: Api, submitted: Storyboard
) -> None:
    response = author_api.get(url(submitted), headers={"If-None-Match": '"r1"'})
    assert (response.status_code, response.json()["status"]) == (200, "in_review")


def test_an_edit_after_approval_makes_a_draft_and_the_approval_stale(
    author_api: Api, approved: Storyboard, document: dict[str, Any]
) -> None:
    before = author_api.get(url(approved)).json()
    assert before["approval"] == {
        "revision": 1,
        "content_hash": before["content_hash"],
        "by": "reviewer",
        "at": before["approval"]["at"],
        "note": "Lovely",
        "stale": False,
    }
    after = author_api.patch(url(approved), {"title": "One word more"}).json()
    assert (after["status"], after["revision"]) == ("draft", 2)
    assert (after["approval"]["revision"], after["approval"]["stale"]) == (1, True)
    problem(author_api.post(url(approved, "render/")), 409, "not_approved")


def test_every_error_of_a_document_is_told_at_its_place(author_api: Api, picture: MediaAsset) -> None:
    wrong = {
        "titel": "Harbour",
        "fps": 61,
        "scenes": [
            scene(picture, 0),
            {"template": "pictures", "params": {}},
            {"template": "picture", "params": {"image": 7, "motion": "spin"}, "colour": "red"},
        ],
    }
    body = problem(author_api.post(LIST, wrong), 400, "validation_error")
    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("/titel", "unknown"),
        ("/title", "required"),
        ("/fps", "max_value"),
        ("/scenes/0/duration", "min_value"),
        ("/scenes/1/template", "unknown_template"),
        ("/scenes/2/params/image", "invalid"),
        ("/scenes/2/params/motion", "invalid_choice"),
        ("/scenes/2/colour", "unknown"),
    }
    assert not Storyboard.objects.exists()


@pytest.mark.parametrize("body", [[], "text", 7, [{"title": "x"}]])
def test_what_is_no_object_is_no_document(author_api: Api, board: Storyboard, body: Any) -> None:
    problem(author_api.post(LIST, body), 400, "validation_error")
    problem(author_api.put(url(board), body), 400, "validation_error")
    problem(author_api.patch(url(board), body), 400, "validation_error")


def test_a_document_is_json(author_api: Api) -> None:
    problem(author_api.post(LIST, {"title": "x"}, format="multipart"), 415, "unsupported_media_type")


@pytest.mark.parametrize("reference", ["pier.png", "5727f44a-afe0-4797-ad28-e5951a034e73", "../../etc/passwd"])
def test_only_assets_in_the_library_can_be_named(author_api: Api, document: dict[str, Any], reference: str) -> None:
    document["scenes"][1]["params"]["image"] = reference
    body = problem(author_api.post(LIST, document), 400, "asset_not_found")
    assert [error["pointer"] for error in body["errors"]] == ["/scenes/1/params/image"]


def test_somebody_elses_asset_is_not_there(
    author_api: Api, document: dict[str, Any], foreign_picture: MediaAsset
) -> None:
    document["scenes"][0]["params"]["image"] = str(foreign_picture.pk)
    problem(author_api.post(LIST, document), 400, "asset_not_found")


def test_somebody_elses_campaign_is_not_there(author_api: Api, stranger_api: Api, document: dict[str, Any]) -> None:
    theirs = stranger_api.post("/api/v1/campaigns/", {"name": "Theirs"}).json()["id"]
    body = problem(author_api.post(LIST, document | {"campaign": theirs}), 400, "campaign_not_found")
    assert body["errors"][0]["pointer"] == "/campaign"


def test_the_list_can_be_searched_filtered_and_ordered(
    author_api: Api, board: Storyboard, author: User, document: dict[str, Any]
) -> None:
    other = write.create(author, document | {"title": "Alps"})

    def found(query: str) -> list[str]:
        return [each["title"] for each in author_api.get(f"{LIST}?{query}").json()["results"]]

    assert found("") == ["Alps", "Harbour tour"]
    assert found("ordering=title") == ["Alps", "Harbour tour"]
    assert found("ordering=-title") == ["Harbour tour", "Alps"]
    assert found("search=harb") == ["Harbour tour"]
    assert found("status=draft&page_size=1") == ["Alps"]
    assert found("status=approved") == []
    assert found(f"created_after={other.created_at:%Y-%m-%dT%H:%M:%S.%fZ}") == []
    for query in ("status=approve", "campaign=7", "colour=red", "ordering=fps"):
        problem(author_api.get(f"{LIST}?{query}"), 400, "validation_error")


def test_a_list_takes_as_many_queries_for_ten_as_for_one(
    author_api: Api, approved: Storyboard, author: User, document: dict[str, Any]
) -> None:
    author_api.get(LIST)
    with CaptureQueriesContext(connection) as few:
        author_api.get(LIST)
    for number in range(9):
        write.create(author, document | {"title": f"Board {number}"})
    with CaptureQueriesContext(connection) as many:
        assert len(author_api.get(LIST).json()["results"]) == 10
    assert len(many) == len(few)


def test_a_deleted_storyboard_is_gone_and_its_pictures_are_free(
    author_api: Api, approved: Storyboard, picture: MediaAsset
) -> None:
    problem(author_api.delete(f"/api/v1/media/{picture.pk}/"), 409, "asset_in_use")
    assert author_api.delete(url(approved)).status_code == 204
    problem(author_api.get(url(approved)), 404, "not_found")
    assert author_api.delete(f"/api/v1/media/{picture.pk}/").status_code == 204


def test_a_storyboard_is_not_deleted_under_a_job(author_api: Api, approved: Storyboard) -> None:
    job, _ = order.render(approved)
    problem(author_api.delete(url(approved)), 409, "wrong_state")
    author_api.post(f"/api/v1/jobs/{job.pk}/cancel/")
    assert author_api.delete(url(approved)).status_code == 204
    assert Job.objects.get(pk=job.pk).storyboard is None
    assert author_api.get(f"/api/v1/jobs/{job.pk}/").json()["storyboard"] is None


def test_a_copy_is_a_draft_of_its_own(author_api: Api, approved: Storyboard) -> None:
    response = author_api.post(url(approved, "duplicate/"))
    copy, original = response.json(), author_api.get(url(approved)).json()
    assert (response.status_code, copy["status"], copy["revision"], copy["approval"]) == (201, "draft", 1, None)
    assert copy["title"] == "Harbour tour (copy)"
    assert not {part["id"] for part in copy["scenes"]} & {part["id"] for part in original["scenes"]}
    assert [part["params"] for part in copy["scenes"]] == [part["params"] for part in original["scenes"]]


def test_a_post_that_is_sent_again_writes_one_storyboard(author_api: Api, document: dict[str, Any]) -> None:
    first = author_api.post(LIST, document, headers={"Idempotency-Key": "abc"})
    again = author_api.post(LIST, document, headers={"Idempotency-Key": "abc"})
    assert again["Idempotent-Replayed"] == "true"
    assert first.json() == again.json()
    assert Storyboard.objects.count() == 1
