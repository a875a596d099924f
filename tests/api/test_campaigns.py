"""Campaigns over HTTP: a budget, and what is left of it."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rendering.models import Campaign, Job, Storyboard
from rendering.workflow import money, order
from tests.api.conftest import url
from tests.base import Api, problem

LIST = "/api/v1/campaigns/"


@pytest.fixture
def campaign(author_api: Api) -> dict[str, Any]:
    """A campaign of the author's."""
    response = author_api.post(LIST, {"name": "Spring", "budget": "100.00", "per_job_cap": "5"})
    assert response.status_code == 201, response.content
    body: dict[str, Any] = response.json()
    return body


def path(campaign: dict[str, Any]) -> str:
    return f"{LIST}{campaign['id']}/"


def test_money_is_written_as_decimals(author_api: Api, campaign: dict[str, Any]) -> None:
    assert {name: campaign[name] for name in ("owner", "name", "currency", "monthly_cap")} == {
        "owner": "author", "name": "Spring", "currency": "USD", "monthly_cap": None,
    }  # fmt: skip
    assert {name: campaign[name] for name in ("budget", "per_job_cap", "reserved", "spent", "available")} == {
        "budget": "100.00", "per_job_cap": "5.00", "reserved": "0.00", "spent": "0.00", "available": "100.00",
    }  # fmt: skip
    assert author_api.get(path(campaign)).json() == campaign


def test_what_jobs_cost_is_reserved_and_then_spent(
    author_api: Api, approved: Storyboard, campaign: dict[str, Any]
) -> None:
    author_api.patch(url(approved), {"campaign": campaign["id"]})
    approved.refresh_from_db()
    for cap, cost in (("1", {"estimated_cost": "7.25"}), ("2", {"status": "completed", "actual_cost": "12.50"})):
        job, _ = order.render(approved, {"cost_cap": cap})
        Job.objects.filter(pk=job.pk).update(**cost)
    body = author_api.get(path(campaign)).json()
    assert (body["reserved"], body["spent"], body["available"]) == ("7.25", "12.50", "80.25")
    row = Campaign.objects.get()
    assert (money.reserved(row), money.spent(row), money.available(row)) == (
        Decimal("7.25"), Decimal("12.50"), Decimal("80.25"),
    )  # fmt: skip


def test_a_budget_is_changed_and_a_read_campaign_written_back(author_api: Api, campaign: dict[str, Any]) -> None:
    body = author_api.patch(path(campaign), {"budget": "40"}).json()
    assert (body["budget"], body["available"]) == ("40.00", "40.00")
    again = author_api.put(path(campaign), body)
    assert again.status_code == 200, again.content
    assert again.json()["budget"] == "40.00"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"budget": "-1"}, "/budget"),
        ({"budget": "much"}, "/budget"),
        ({"budget": "0.001"}, "/budget"),
        ({"name": ""}, "/name"),
        ({"currency": "ducats"}, "/currency"),
        ({"currency": "EUR"}, "/currency"),
        ({"monthly_cap": "-1"}, "/monthly_cap"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_wrong_values_are_told_at_their_place(author_api: Api, wrong: dict[str, Any], pointer: str) -> None:
    body = problem(author_api.post(LIST, {"name": "Spring"} | wrong), 400, "validation_error")
    assert [error["pointer"] for error in body["errors"]] == [pointer]
    assert not Campaign.objects.exists()


def test_a_list_takes_as_many_queries_for_ten_as_for_one(author_api: Api, campaign: dict[str, Any]) -> None:
    author_api.get(LIST)
    with CaptureQueriesContext(connection) as few:
        author_api.get(LIST)
    for number in range(9):
        author_api.post(LIST, {"name": f"Campaign {number}"})
    with CaptureQueriesContext(connection) as many:
        assert len(author_api.get(f"{LIST}?ordering=name&search=p").json()["results"]) == 10
    assert len(many) == len(few)


def test_a_deleted_campaign_leaves_its_storyboards(
    author_api: Api, approved: Storyboard, campaign: dict[str, Any]
) -> None:
    author_api.patch(url(approved), {"campaign": campaign["id"]})
    job, _ = order.render(approved)
    problem(author_api.delete(path(campaign)), 409, "wrong_state")
    author_api.post(f"/api/v1/jobs/{job.pk}/cancel/")
    assert author_api.delete(path(campaign)).status_code == 204
    assert author_api.get(url(approved)).json()["campaign"] is None


def test_a_campaign_is_not_there_for_strangers(stranger_api: Api, campaign: dict[str, Any]) -> None:
    assert stranger_api.get(LIST).json()["results"] == []
    for response in (
        stranger_api.get(path(campaign)),
        stranger_api.patch(path(campaign), {"budget": "1"}),
        stranger_api.delete(path(campaign)),
    ):
        problem(response, 404, "not_found")
