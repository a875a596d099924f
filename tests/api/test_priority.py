"""Which job goes first: what an order may say, and what operators may change afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from rendering import tasks
from rendering.exceptions import WrongState
from rendering.models import Job, Storyboard
from rendering.workflow import order
from tests.api.conftest import url
from tests.base import Api, problem

DIRECT = {"params": {"title": "Bye", "call_to_action": "Come again"}}


def test_an_order_has_the_usual_priority_unless_it_says_less(author_api: Api, approved: Storyboard) -> None:
    assert author_api.post(url(approved, "render/")).json()["priority"] == 5
    lower = author_api.post(url(approved, "render/"), {"quality": "draft", "priority": 0}).json()
    assert lower["priority"] == 0
    assert Job.objects.get(pk=lower["id"]).options == {"quality": "draft"}, "no part of what is ordered"


def test_to_go_before_everybody_is_for_operators_to_give(author_api: Api, approved: Storyboard, operator: User) -> None:
    body = problem(author_api.post(url(approved, "render/"), {"priority": 6}), 403, "priority_refused")
    assert body["errors"][0]["pointer"] == "/priority"
    assert not Job.objects.exists()
    order.render(approved, {"priority": 9}, by=operator)
    assert Job.objects.get().priority == 9
    # The same order again is the same job, whatever its priority.
    assert author_api.post(url(approved, "render/")).status_code == 200


@pytest.fixture
def operator_admin(operator: User) -> Client:
    """The operator's browser."""
    client = Client()
    client.force_login(operator)
    return client


@pytest.mark.parametrize("priority", [-1, 10, "urgent", 2.5])
def test_a_priority_that_there_is_not_is_told_at_its_place(
    author_api: Api, approved: Storyboard, priority: Any
) -> None:
    body = problem(author_api.post(url(approved, "render/"), {"priority": priority}), 400, "validation_error")
    assert [error["pointer"] for error in body["errors"]] == ["/priority"]
    direct = author_api.post("/api/v1/templates/closing/render/", DIRECT | {"priority": priority})
    assert [error["pointer"] for error in problem(direct, 400, "validation_error")["errors"]] == ["/priority"]


def test_direct_orders_and_generations_have_one_too(author_api: Api, approved: Storyboard) -> None:
    assert author_api.post("/api/v1/templates/closing/render/", DIRECT | {"priority": 2}).json()["priority"] == 2
    problem(author_api.post("/api/v1/templates/closing/render/", DIRECT | {"priority": 7}), 403, "priority_refused")
    made = author_api.post(url(approved, "generate/"), {"brief": "A harbour at dawn.", "priority": 3})
    assert made.json()["priority"] == 3


def test_owners_take_turns(author_api: Api, stranger_api: Api) -> None:
    """Who has ordered much does not keep out who orders one thing."""
    place = "/api/v1/templates/closing/render/"
    mine = [author_api.post(place, DIRECT).json()["id"] for _ in range(5)]
    theirs = Job.objects.get(pk=stranger_api.post(place, DIRECT).json()["id"])
    assert [str(job.pk) for job in Job.objects.ahead_of(theirs)] == mine[:1]
    assert Job.objects.ahead_of(Job.objects.get(pk=mine[4])).count() == 5


def test_who_comes_late_stands_beside_the_segments_that_are_up_now(author_api: Api, stranger_api: Api) -> None:
    """Jobs are planned long before their segments are rendered; the segments say who is being served."""
    place = "/api/v1/templates/closing/render/"
    for number in range(4):
        titled = {"params": DIRECT["params"] | {"title": f"{number} {author_api}"}}
        job = Job.objects.get(pk=author_api.post(place, titled).json()["id"])
        tasks.run_job(str(job.pk))
    for job in Job.objects.order_by("turn")[:2]:
        order.cancel(job)
    theirs = [Job.objects.get(pk=stranger_api.post(place, DIRECT).json()["id"]).turn for _ in range(2)]
    assert theirs == [2, 3]


def test_an_operator_moves_a_job_with_all_that_is_under_way_for_it(
    operator_admin: Client, approved: Storyboard
) -> None:
    for _ in range(3):
        job = order.render(approved, {"force": True})[0]
    tasks.run_job(str(job.pk))
    page = reverse("admin:rendering_job_change", args=[job.pk])
    assert "Priority" in operator_admin.get(page).content.decode()
    operator_admin.post(reverse("admin:rendering_job_priority", args=[job.pk]), {"priority": "8"})
    job.refresh_from_db()
    assert (job.priority, job.turn) == (8, 0)
    assert set(job.segments.values_list("priority", "turn")) == {(8, 0)}


def test_a_priority_from_nowhere_changes_nothing(operator_admin: Client, approved: Storyboard) -> None:
    job = order.render(approved)[0]
    change = reverse("admin:rendering_job_priority", args=[job.pk])
    for priority in ("", "10", "-1", "x"):
        assert operator_admin.post(change, {"priority": priority}).status_code == 400
    job.refresh_from_db()
    assert job.priority == 5


def test_who_may_not_say_what_goes_first_moves_none(reviewer_admin: Client, approved: Storyboard) -> None:
    job = order.render(approved)[0]
    change = reverse("admin:rendering_job_priority", args=[job.pk])
    assert reviewer_admin.post(change, {"priority": "9"}).status_code == 403
    assert change not in reviewer_admin.get(reverse("admin:rendering_job_change", args=[job.pk])).content.decode()
    job.refresh_from_db()
    assert job.priority == 5


def test_a_retry_does_not_multiply_what_an_operator_gave(
    author_api: Api, operator_admin: Client, approved: Storyboard
) -> None:
    job = order.render(approved, {"force": True})[0]
    order.prioritize(job, 9)
    order.cancel(job)
    assert author_api.post(f"/api/v1/jobs/{job.pk}/retry/").json()["priority"] == 5
    operator_admin.post(reverse("admin:rendering_job_retry", args=[job.pk]))
    assert sorted(job.retries.values_list("priority", flat=True)) == [5, 9]


def test_what_has_ended_is_not_moved(approved: Storyboard) -> None:
    job = order.render(approved)[0]
    order.cancel(job)
    with pytest.raises(WrongState):
        order.prioritize(job, 9)
