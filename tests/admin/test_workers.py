"""The page of workers: who serves which queue, whether it answers, what its machine runs; nobody changes a thing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rendering.models import Job, Storyboard
from tests.admin.pages import page
from tests.admin.test_pages import running, text
from tests.base import person
from videoserver.work.models import Worker

WORKERS = "/admin/work/worker/"
PLACE = "farm1.0a1b2c3d.4026531836"


def worker(
    name: str, queue: str = "default", beat: float = 1, answered: float | None = 5, place: str = PLACE
) -> Worker:
    """A worker's row; ages in seconds."""
    now = timezone.now()
    return Worker.objects.create(
        name=name,
        queue=queue,
        supervisor=f"{place}:{Worker.objects.count() + 100}:7",
        beat_at=now - timedelta(seconds=beat),
        canary_at=None if answered is None else now - timedelta(seconds=answered),
    )


def claimed(board: Storyboard, place: str = PLACE) -> Job:
    """A job that a process of that place holds."""
    job = running(board, segments=0)
    lease = timezone.now() + timedelta(seconds=50)
    Job.objects.filter(pk=job.pk).update(claimed_by=f"{place}:4711:9", lease_until=lease)
    return job


@pytest.fixture
def seer(db: None, browser: Any) -> Client:
    """A member of staff who may see workers, and nothing else."""
    user = person("seer", staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_worker"))
    return browser(user)


@pytest.mark.parametrize(
    ("ages", "state"),
    [
        ({"beat": 5, "answered": 20}, "answers"),
        ({"beat": 5, "answered": None}, "no answer yet"),
        ({"beat": 5, "answered": 151}, "no answer yet"),
        ({"beat": 46, "answered": 20}, "silent"),
    ],
)
def test_a_worker_is_what_its_beat_and_its_canary_say(seer: Client, ages: dict[str, Any], state: str) -> None:
    worker("blue", **ages)
    shown = text(seer, WORKERS)
    assert re.findall(r">\s*(answers|no answer yet|silent)\s*<", shown) == [state]


def test_the_list_says_who_where_and_since_when(seer: Client) -> None:
    worker("blue", "render", beat=3, answered=40)
    worker("green", "default", beat=700, answered=None)
    shown = text(seer, WORKERS)
    for word in ("blue", "green", "farm1", "render", "3 s ago", "40 s ago", "11 min ago", "never"):
        assert word in shown
    assert f'href="{WORKERS}"' in shown, "it is in the sidebar"


def test_a_page_says_what_runs_there_and_leads_to_the_job(seer: Client, approved: Storyboard) -> None:
    here, elsewhere = worker("blue"), worker("green", place="farm2.0a1b2c3d.4026531836")
    job = claimed(approved)
    shown = text(seer, f"{WORKERS}{here.pk}/change/")
    assert f'href="{page(job)}"' in shown and "in process 4711, lease 50 s" in shown
    assert "Nothing." in text(seer, f"{WORKERS}{elsewhere.pk}/change/")
    other = worker("blue", "render")
    assert "Nothing." in text(seer, f"{WORKERS}{other.pk}/change/"), "a job is not the render queue's"


def test_a_longer_list_costs_no_more_queries(seer: Client, approved: Storyboard) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            text(seer, WORKERS)
        return len(seen)

    worker("first")
    queries()
    few = queries()
    for number in range(12):
        worker(f"w{number}")
    claimed(approved)
    assert queries() == few


def test_nobody_changes_a_worker(browser: Any, db: None) -> None:
    one = worker("blue")
    boss = browser(User.objects.create_superuser("boss"))
    assert boss.get(f"{WORKERS}add/").status_code == 403
    assert boss.post(f"{WORKERS}{one.pk}/delete/", {"post": "yes"}).status_code == 403
    assert boss.post(f"{WORKERS}{one.pk}/change/", {"name": "red"}).status_code == 403
    assert Worker.objects.get().name == "blue"
    assert 'name="_save"' not in text(boss, f"{WORKERS}{one.pk}/change/")


def test_only_those_see_workers_who_may(browser: Any, db: None) -> None:
    worker("blue")
    for group, status in (("operator", 200), ("reviewer", 200), ("author", 403)):
        client = browser(person(f"a {group}", group, staff=True))
        assert client.get(WORKERS).status_code == status, group
        assert (WORKERS in text(client, "/admin/")) is (status == 200)


def test_a_worker_that_refuses_to_work_says_why(seer: Client) -> None:
    row = worker("blue")
    Worker.objects.filter(pk=row.pk).update(refusal="Another storage is mounted here.", version="0.2.0")
    assert "refuses to work" in text(seer, WORKERS) and "0.2.0" in text(seer, WORKERS)
    assert "Another storage is mounted here." in text(seer, f"{WORKERS}{row.pk}/change/")
