"""Lists, the overview and the pages behind them: what they show, to whom, and what that costs."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from media_assets.models import MediaAsset
from rendering.models import Campaign, Job, Prediction, Segment, Storyboard
from rendering.workflow import order, review, write
from tests.admin.conftest import scene
from tests.admin.pages import JOBS, LIST, deed, page
from tests.base import PASSWORD, person

NAUGHTY = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{ 7|add:7 }}"""


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password=PASSWORD))
    return client


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    body: str = response.content.decode()
    return body


def queries(client: Client, path: str) -> int:
    client.get(path)  # what is looked up once a process
    with CaptureQueriesContext(
        connection,
    ) as seen:
        text(client, path)
    return len(seen)


def running(board: Storyboard, segments: int = 4, done: int = 1) -> Job:
    """A job that renders, some of its segments done."""
    job = Job.objects.create(
        kind="storyboard",
        owner=board.owner,
        storyboard=board,
        status="rendering",
        document=board.document(),
        forced=True,
    )
    for index in range(segments):
        status = "completed" if index < done else "queued"
        Segment.objects.create(
            job=job, index=index, key="k", kind="body", first=0, frames=10, status=status, scenes=[0]
        )
    return job


def test_the_contact_sheet_shows_every_scene_at_its_middle(onlooker, submitted):
    shown = text(onlooker, page(submitted))
    still = f"/api/v1/storyboards/{submitted.pk}/still.jpg"
    pictures = re.findall(rf'src="{still}\?at=([\d.]+)&amp;r=(\d+)"', shown)
    revision = str(submitted.revision)
    assert pictures == [("0.125", revision), ("0.625", revision)]  # each at what it shares with no other
    assert "The old harbour at dawn" in shown and "crossfade 0.25\u00a0s" in shown
    assert onlooker.get(still, {"at": "0.125"})["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("count", [0, 1, 30])
def test_the_sheet_opens_with_any_number_of_scenes(writer, author, picture, count):
    scenes = [scene(picture, f"Caption {number} " + "long " * 90) for number in range(count)]
    board = write.create(author, {"title": "Many", "aspect_ratio": "9:16", "scenes": scenes})
    shown = text(writer, page(board))
    assert shown.count('class="vs-card"') == count
    assert ("There are no scenes yet." in shown) is (count == 0)


def test_a_template_that_is_gone_is_named_and_the_page_opens(writer, board):
    board.scenes.filter(position=1).update(template="globe")
    shown = text(writer, page(board))
    assert "It cannot be rendered as it stands." in shown and "There is no template" in shown


def test_the_provider_is_asked_once_at_a_time(writer, board):
    assert deed(board, "generate") in text(writer, page(board))
    order.generate(board, {"only": ["image"]})
    shown = text(writer, page(board))
    assert deed(board, "generate") not in shown and "It is at work for this storyboard." in shown


def test_words_of_people_are_text_and_never_markup(boss, author, picture):
    campaign = Campaign.objects.create(owner=author, name=NAUGHTY, budget=10)
    scenes = [
        scene(picture, NAUGHTY),
        {"template": "closing", "duration": 1, "params": {"title": NAUGHTY, "call_to_action": NAUGHTY}},
    ]
    document = {"title": NAUGHTY, "metadata": {NAUGHTY: NAUGHTY}, "campaign": str(campaign.pk), "scenes": scenes}
    board = write.create(author, document)
    MediaAsset.objects.filter(pk=picture.pk).update(name=NAUGHTY)
    review.submit(board, author, note=NAUGHTY)
    review.approve(board, author, 1, NAUGHTY)
    job = order.render(board)[0]
    Prediction.objects.create(job=job, provider="local", kind="image", inputs={"prompt": NAUGHTY}, asset=picture)
    Job.objects.filter(pk=job.pk).update(kind="generate", message=NAUGHTY, error_code="x", error_detail=NAUGHTY)
    paths = ["/admin/", LIST, page(board), f"{LIST}{board.pk}/delete/", JOBS, page(job), "/admin/rendering/campaign/"]
    for path in [*paths, "/admin/rendering/segment/", "/admin/rendering/prediction/"]:
        shown = text(boss, path)
        assert "<script>alert" not in shown and "<img src=x" not in shown, path
    assert "&lt;script&gt;alert(1)" in text(boss, page(board))


@pytest.mark.parametrize("path", [LIST, JOBS, "/admin/rendering/segment/", "/admin/"])
def test_a_longer_list_costs_no_more_queries(onlooker, approved, author, document, path):
    running(approved)
    few = queries(onlooker, path)
    for _ in range(5):
        running(review.submit(write.create(author, document), author))
    more = queries(onlooker, path)
    assert more <= few + (path == "/admin/")  # its waiting storyboards' pictures are looked up when there are any


def test_the_list_of_jobs_shows_how_far_each_is(onlooker, approved):
    running(approved, segments=4, done=2)
    assert "width:45%" in text(onlooker, JOBS)


def test_the_bars_state_has_real_counts(onlooker, approved, reviewer):
    job = running(approved, segments=4, done=1)
    response = onlooker.get(deed(job, "state"))
    state = response.json()
    assert (state["status"], state["ended"], state["progress"]["fraction"]) == ("rendering", False, 0.225)
    assert [each["status"] for each in state["segments"]] == ["completed", "queued", "queued", "queued"]
    assert "no-store" in response["Cache-Control"]
    reviewer.user_permissions.clear()
    reviewer.groups.clear()
    nobody = Client()
    nobody.force_login(reviewer)
    assert nobody.get(deed(job, "state")).status_code == 403


def test_a_failed_job_says_why_and_where_and_offers_a_retry(browser: Any, operator, onlooker, approved):
    job = running(approved)
    Segment.objects.filter(job=job, index=1).update(status="failed", scenes=[1])
    failed = {"status": "failed", "error_code": "input_gone", "error_detail": "The stored file is missing or damaged."}
    Job.objects.filter(pk=job.pk).update(**failed, error_pointer="/scenes/1/params/image")
    shown = text(browser(operator), page(job))
    assert "The stored file is missing or damaged." in shown and "input_gone" in shown
    assert "/scenes/1/params/image" in shown and "in scene 2" in shown and deed(job, "retry") in shown
    assert deed(job, "retry") not in text(onlooker, page(job))


def test_a_queued_job_says_how_many_are_before_it(onlooker, approved):
    running(approved)
    Job.objects.update(status="queued")
    job = order.render(approved)[0]
    assert "Waiting for a worker, with 1 job before it" in text(onlooker, page(job))


def test_the_overview_shows_what_waits_and_what_moves(onlooker, submitted, author, document):
    job = running(write.create(author, document))
    shown = text(onlooker, "/admin/")
    assert page(submitted) in shown and page(job) in shown and deed(job, "state") in shown
    assert "No film yet" in shown


def test_everybody_sees_only_their_own_part_of_the_admin(browser: Any, submitted):
    shown = text(browser(person("guest", staff=True)), "/admin/")
    assert "Harbour tour" not in shown and LIST not in shown and "/admin/auth/user/" not in shown
    shown = text(browser(person("judge", "reviewer", staff=True)), "/admin/")
    assert LIST in shown and "/admin/auth/user/" not in shown


@pytest.mark.parametrize("path", ["/admin/", LIST, LIST + "add/", JOBS])
def test_pages_have_one_heading_and_nothing_from_elsewhere(boss, submitted, path):
    shown = text(boss, path)
    assert len(re.findall(r"<h1\b", shown)) == 1
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', shown)


def test_a_page_of_nothing_leads_back(boss):
    missing = "00000000-0000-4000-8000-000000000000"
    for path in (f"{LIST}{missing}/change/", f"{JOBS}{missing}/change/", f"{LIST}nonsense/change/"):
        assert boss.get(path).status_code == 302
