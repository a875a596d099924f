"""Jobs over HTTP: their body, their lists, cancel and retry."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rendering.models import Job, Segment, Storyboard
from rendering.workflow import order, write
from tests.api.conftest import url
from tests.base import Api, problem

LIST = "/api/v1/jobs/"
KEYS = {
    *("id", "kind", "status", "stage", "storyboard", "revision", "attempt", "retry_count", "retry_of", "priority"),
    *(
        "progress",
        "error",
        "warnings",
        "estimated_cost",
        "actual_cost",
        "currency",
        "video_url",
        "results",
        "clips",
        "quality",
    ),
    *("urls", "metadata", "created_at", "started_at", "finished_at"),
}


@pytest.fixture
def job(approved: Storyboard) -> Job:
    """An order for the approved storyboard's film."""
    return order.render(approved, {"metadata": {"order": 17}})[0]


def test_an_order_is_answered_with_its_job(author_api: Api, approved: Storyboard) -> None:
    response = author_api.post(url(approved, "render/"), {"quality": "480p", "metadata": {"order": 17}})
    body = response.json()
    assert response.status_code == 202
    assert set(body) == KEYS
    assert response["Location"] == body["urls"]["self"] == f"/api/v1/jobs/{body['id']}"
    assert author_api.get(response["Location"]).json() == body
    assert (body["kind"], body["status"], body["storyboard"], body["revision"]) == (
        "storyboard", "queued", str(approved.pk), 1,
    )  # fmt: skip
    assert body["progress"] == {
        "current_stage": "queued",
        "scenes_total": 2,
        "scenes_completed": 0,
        "current_scene": None,
        "fraction": 0.0,
        "estimated_completion_seconds": None,
        "message": "",
    }
    assert (body["error"], body["results"], body["clips"], body["video_url"]) == (None, [], [], None)
    assert (body["estimated_cost"], body["actual_cost"], body["currency"]) == ("0.00", None, "USD")
    assert body["quality"] == {"loudness_lufs": None, "true_peak_dbtp": None, "findings": []}
    assert body["metadata"] == {"order": 17}


def test_two_equal_orders_are_one_job(author_api: Api, approved: Storyboard) -> None:
    first = author_api.post(url(approved, "render/"), {"formats": ["mp4"]})
    again = author_api.post(url(approved, "render/"))
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    assert again["Location"] == first["Location"]
    assert author_api.post(url(approved, "render/"), {"quality": "draft"}).status_code == 202
    assert author_api.post(url(approved, "render/"), {"force": True}).status_code == 202
    assert Job.objects.count() == 3


def test_formats_in_any_order_are_one_order(author_api: Api, approved: Storyboard) -> None:
    first = author_api.post(url(approved, "render/"), {"formats": ["gif", "webm"], "accept_quality": False})
    again = author_api.post(url(approved, "render/"), {"formats": ["mp4", "webm", "gif"]})
    assert (first.status_code, again.status_code) == (202, 200)
    assert Job.objects.get().options == {"formats": ["webm", "gif"]}
    assert author_api.post(url(approved, "render/"), {"aspect_ratios": ["9:16", "1:1"]}).status_code == 202


def test_a_size_limit_without_room_is_told_at_its_place(author_api: Api, approved: Storyboard) -> None:
    response = author_api.post(url(approved, "render/"), {"size_limit_mb": 0.001})
    body = problem(response, 422, "size_limit_too_small")
    assert body["errors"][0]["pointer"] == "/size_limit_mb"
    assert body["detail"] == "0.001 MB are too few for 1.8 s of 64×64: at least 0.01 MB are needed."
    assert not Job.objects.exists()


def test_a_canceled_order_is_no_reason_not_to_order_again(author_api: Api, approved: Storyboard, job: Job) -> None:
    author_api.post(f"{LIST}{job.pk}/cancel/")
    assert author_api.post(url(approved, "render/")).status_code == 202


def test_waiting_is_over_after_the_time_that_was_asked_for(author_api: Api, approved: Storyboard) -> None:
    response = author_api.post(url(approved, "render/"), headers={"Prefer": "wait=1"})
    assert (response.status_code, response["Preference-Applied"]) == (202, "wait=1")


def test_progress_counts_scenes_and_frames(author_api: Api, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(status="rendering", stage="rendering", message="Rendering...")
    for index, (scenes, frames, status, done) in enumerate(
        [([0], 6, "completed", 6), ([0, 1], 2, "running", 1), ([1], 6, "queued", 0)]
    ):
        Segment.objects.create(
            job=job,
            index=index,
            key=str(index),
            scenes=scenes,
            first=index,
            frames=frames,
            status=status,
            progress={"frames_done": done},
        )
    progress = author_api.get(f"{LIST}{job.pk}/").json()["progress"]
    assert (progress["current_stage"], progress["scenes_total"], progress["scenes_completed"]) == ("rendering", 2, 0)
    assert progress["fraction"] == pytest.approx(0.9 * 7 / 14)
    Segment.objects.filter(index=1).update(status="completed")
    progress = author_api.get(f"{LIST}{job.pk}/").json()["progress"]
    assert (progress["scenes_completed"], progress["current_scene"]) == (1, 2)


def test_a_failure_is_a_code_and_a_sentence_with_its_place(author_api: Api, job: Job) -> None:
    fail(job, "scene_missing_image", "Scene 2 is missing image", "/scenes/1/params/image")
    body = author_api.get(f"{LIST}{job.pk}/").json()
    assert (body["status"], body["error"]) == (
        "failed",
        {"code": "scene_missing_image", "detail": "Scene 2 is missing image", "pointer": "/scenes/1/params/image"},
    )


def test_an_error_that_is_still_to_be_mended_is_none(author_api: Api, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(error_code="segment_lost", error_detail="Again", retry_count=1)
    body = author_api.get(f"{LIST}{job.pk}/").json()
    assert (body["error"], body["retry_count"]) == (None, 1)


def test_a_queued_job_is_canceled_at_once_and_only_once(author_api: Api, job: Job) -> None:
    first = author_api.post(f"{LIST}{job.pk}/cancel/")
    assert (first.status_code, first.json()["status"]) == (202, "canceled")
    again = author_api.post(f"{LIST}{job.pk}/cancel/")
    assert again.status_code == 200
    assert again.json() == first.json()


def test_a_retry_is_a_new_job_for_the_same_order(author_api: Api, job: Job) -> None:
    problem(author_api.post(f"{LIST}{job.pk}/retry/"), 409, "wrong_state")
    fail(job, "attempts_exhausted", "Failed after 3 attempts")
    response = author_api.post(f"{LIST}{job.pk}/retry/")
    body = response.json()
    assert (response.status_code, body["retry_of"], body["status"]) == (202, str(job.pk), "queued")
    assert body["id"] != str(job.pk)
    assert body["metadata"] == {"order": 17}
    assert author_api.get(f"{LIST}{job.pk}/").json()["status"] == "failed"


def test_a_retry_needs_the_approval_too(author_api: Api, approved: Storyboard, job: Job) -> None:
    fail(job, "attempts_exhausted", "Failed after 3 attempts")
    author_api.patch(url(approved), {"title": "One word more"})
    problem(author_api.post(f"{LIST}{job.pk}/retry/"), 409, "not_approved")


def test_lists_are_filtered(author_api: Api, author: User, approved: Storyboard, job: Job) -> None:
    campaign = author_api.post("/api/v1/campaigns/", {"name": "Spring"}).json()["id"]
    made = order.generate(approved, {"brief": "A tide"})
    author_api.patch(url(approved), {"campaign": campaign})

    def found(query: str) -> set[str]:
        response = author_api.get(f"{LIST}?{query}")
        assert response.status_code == 200, response.content
        return {each["id"] for each in response.json()["results"]}

    both = {str(job.pk), str(made.pk)}
    assert found("") == both
    assert found("kind=generate") == {str(made.pk)}
    assert found("status=queued") == both
    assert found("status=failed") == set()
    assert found(f"storyboard={approved.pk}&kind=storyboard") == {str(job.pk)}
    assert found(f"campaign={campaign}") == both
    assert found(f"campaign={approved.pk}") == set()
    assert found("created_before=2001-01-01T00:00:00Z") == set()
    assert found("created_after=2001-01-01T00:00:00Z&ordering=created_at") == both
    for query in ("status=running", "kind=film", "storyboard=7", "created_after=soon", "colour=red"):
        problem(author_api.get(f"{LIST}?{query}"), 400, "validation_error")


def test_a_list_takes_as_many_queries_for_ten_as_for_one(author_api: Api, approved: Storyboard, job: Job) -> None:
    author_api.get(LIST)
    with CaptureQueriesContext(connection) as few:
        author_api.get(LIST)
    for number in range(5):
        order.render(approved, {"cost_cap": str(number)})
        made: Any = order.generate(write.duplicate(approved, approved.owner), {"brief": "A tide"})
        Job.objects.filter(pk=made.pk).update(status="rendering")
    with CaptureQueriesContext(connection) as many:
        assert len(author_api.get(LIST).json()["results"]) == 11
    assert len(many) == len(few)


def test_jobs_are_not_there_for_strangers(stranger_api: Api, job: Job) -> None:
    assert stranger_api.get(LIST).json()["results"] == []
    for response in (
        stranger_api.get(f"{LIST}{job.pk}/"),
        stranger_api.post(f"{LIST}{job.pk}/cancel/"),
        stranger_api.post(f"{LIST}{job.pk}/retry/"),
    ):
        problem(response, 404, "not_found")


def test_staff_see_every_job(reviewer_api: Api, operator: User, api: type[Api], job: Job) -> None:
    assert reviewer_api.get(f"{LIST}?owner=author").json()["results"][0]["id"] == str(job.pk)
    assert reviewer_api.get(f"{LIST}?owner=reviewer").json()["results"] == []
    problem(reviewer_api.post(f"{LIST}{job.pk}/cancel/"), 403, "permission_denied")
    assert api(operator).post(f"{LIST}{job.pk}/cancel/").status_code == 202


def test_polling_costs_little_while_nothing_changes(author_api: Api, job: Job) -> None:
    seen = author_api.get(f"{LIST}{job.pk}/")["ETag"]
    assert author_api.get(f"{LIST}{job.pk}/", headers={"If-None-Match": seen}).status_code == 304
    author_api.post(f"{LIST}{job.pk}/cancel/")
    assert author_api.get(f"{LIST}{job.pk}/", headers={"If-None-Match": seen}).status_code == 200


def test_jobs_are_made_by_orders_alone(author_api: Api, job: Job) -> None:
    problem(author_api.post(LIST, {}), 405, "method_not_allowed")
    problem(author_api.delete(f"{LIST}{job.pk}/"), 405, "method_not_allowed")


def fail(job: Job, code: str, detail: str, pointer: str = "") -> None:
    """Let the job end as a worker would."""
    Job.objects.claim(job.pk).fail(code, detail, pointer)
