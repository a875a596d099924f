"""What the buttons do, for whom, and that nothing happens on a revision that nobody saw."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from rendering.models import Job, Review, Storyboard
from rendering.states import JobKind, StoryboardState
from rendering.workflow import order, write
from tests.admin.pages import JOBS, LIST, deed, page, told
from tests.base import person

Browser = Callable[[User], Client]


def decide(client: Client, board: Storyboard, decision: str, revision: Any = None, note: str = "") -> Any:
    shown = board.revision if revision is None else revision
    return client.post(deed(board, "decide"), {"decision": decision, "revision": shown, "note": note})


@pytest.mark.parametrize(
    ("decision", "status", "sentence"),
    [
        ("approve", StoryboardState.APPROVED, "Approved."),
        ("request_changes", StoryboardState.CHANGES_REQUESTED, "Changes were requested."),
        ("reject", StoryboardState.REJECTED, "Rejected."),
    ],
)
def test_a_decision_is_recorded_with_who_and_why(reviewer_admin, reviewer, submitted, decision, status, sentence):
    response = decide(reviewer_admin, submitted, decision, note="Because of the gulls")
    assert response["Location"] == page(submitted)
    assert told(response) == sentence
    submitted.refresh_from_db()
    assert submitted.status == status
    made = submitted.reviews.get()
    assert (made.reviewer, made.note, made.revision) == (reviewer, "Because of the gulls", submitted.revision)
    assert not Job.objects.exists()


def test_approve_and_render_leads_to_the_job(reviewer_admin, submitted):
    response = decide(reviewer_admin, submitted, "approve_and_render")
    job = Job.objects.get()
    assert response["Location"] == page(job)
    assert (job.storyboard, job.kind, job.owner) == (submitted, JobKind.STORYBOARD, submitted.owner)
    assert "queued" in reviewer_admin.get(page(job)).content.decode()


def test_a_second_click_starts_no_second_film(reviewer_admin, submitted):
    decide(reviewer_admin, submitted, "approve_and_render")
    second = decide(reviewer_admin, submitted, "approve_and_render")
    assert "cannot become approved" in told(second)
    assert (Job.objects.count(), Review.objects.count()) == (1, 1)


def test_an_edit_between_look_and_click_stops_the_decision(reviewer_admin, submitted, author):
    shown = submitted.revision
    write.rewrite(submitted, author, submitted.document() | {"title": "Another title"})
    response = decide(reviewer_admin, submitted, "approve_and_render", revision=shown)
    assert told(response) == "Somebody changed it first. Read it again, then decide."
    submitted.refresh_from_db()
    assert submitted.status == StoryboardState.DRAFT
    assert not Review.objects.exists() and not Job.objects.exists()
    page_now = reviewer_admin.get(page(submitted)).content.decode()
    assert "Somebody changed it first" in page_now


def test_an_approval_can_be_taken_back(reviewer_admin, approved):
    assert "Take the approval back" in reviewer_admin.get(page(approved)).content.decode()
    response = decide(reviewer_admin, approved, "take_back")
    assert told(response) == "The approval was taken back."
    approved.refresh_from_db()
    assert approved.status == StoryboardState.CHANGES_REQUESTED
    assert "The approval was taken back." in reviewer_admin.get(page(approved)).content.decode()


@pytest.mark.parametrize("bad", [{"decision": "approve", "revision": "x"}, {"decision": "approve", "note": "a\x00b"}])
def test_what_no_page_sends_is_refused_with_a_sentence(reviewer_admin, submitted, bad):
    response = reviewer_admin.post(deed(submitted, "decide"), {"revision": submitted.revision} | bad)
    assert response.status_code == 302 and told(response)
    assert reviewer_admin.post(deed(submitted, "decide"), {"decision": "burn"}).status_code == 400
    assert not Review.objects.exists()


def test_an_author_submits_what_can_be_rendered(writer, board, document):
    response = writer.post(deed(board, "submit"), {"revision": board.revision, "note": "Mind the gulls"})
    assert told(response) == "Submitted for review."
    board.refresh_from_db()
    assert (board.status, board.submit_note) == (StoryboardState.IN_REVIEW, "Mind the gulls")


def test_what_is_missing_is_told_and_nothing_is_submitted(writer, author, document):
    document["scenes"][1]["params"] = {}
    board = write.create(author, document)
    shown = writer.get(page(board)).content.decode()
    assert shown.count("Scene 2 is missing image") == 2  # in the list, and where its picture would be
    assert deed(board, "submit") not in shown
    assert told(writer.post(deed(board, "submit"), {"revision": 1})) == "Scene 2 is missing image"
    board.refresh_from_db()
    assert board.status == StoryboardState.DRAFT


def test_a_film_of_others_is_ordered_only_by_who_may_add_jobs(browser: Browser, submitted):
    user = person("decider", staff=True)
    seen = Permission.objects.filter(codename__in=["view_storyboard", "approve_storyboard"])
    user.user_permissions.set(seen)
    client = browser(user)
    shown = client.get(page(submitted)).content.decode()
    assert 'value="approve"' in shown and 'value="approve_and_render"' not in shown
    assert decide(client, submitted, "approve_and_render").status_code == 403
    assert not Review.objects.exists()
    assert told(decide(client, submitted, "approve")) == "Approved."
    assert deed(submitted, "render") not in client.get(page(submitted)).content.decode()
    assert client.post(deed(submitted, "render")).status_code == 403
    assert not Job.objects.exists()


def test_an_owner_orders_their_own_film_without_the_permission(browser: Browser, approved, author):
    author.is_staff = True
    author.save()
    author.groups.clear()
    author.user_permissions.set([Permission.objects.get(codename="view_storyboard")])
    client = browser(author)
    assert deed(approved, "render") in client.get(page(approved)).content.decode()
    assert client.post(deed(approved, "render"))["Location"] == page(approved)
    assert Job.objects.get().storyboard == approved


def test_render_orders_the_approved_film_once(reviewer_admin, approved):
    first = reviewer_admin.post(deed(approved, "render"))
    second = reviewer_admin.post(deed(approved, "render"))
    assert first["Location"] == second["Location"] == page(Job.objects.get())


def test_nothing_is_rendered_without_an_approval(reviewer_admin, submitted):
    response = reviewer_admin.post(deed(submitted, "render"))
    assert told(response) == "Storyboard must be approved"
    assert not Job.objects.exists()


def test_generate_orders_scenes_from_a_brief_or_only_what_is_missing(writer, board):
    writer.post(deed(board, "generate"), {"brief": "# Dawn\n\nThe sun rises."})
    assert told(writer.post(deed(board, "generate"), {"brief": "  "})) == "The storyboard is being generated already."
    order.cancel(Job.objects.get())
    writer.post(deed(board, "generate"), {"brief": "  "})
    missing, brief = Job.objects.filter(kind=JobKind.GENERATE).order_by("-created_at")
    assert brief.options == {"brief": "# Dawn\n\nThe sun rises."}
    assert missing.options == {"only": ["image", "clip"]}


def test_a_copy_belongs_to_who_made_it(writer, board):
    response = writer.post(deed(board, "duplicate"))
    copy = Storyboard.objects.exclude(pk=board.pk).get()
    assert response["Location"] == page(copy)
    assert (copy.title, copy.owner.username, copy.scenes.count()) == ("Harbour tour (copy)", "writer", 2)


@pytest.mark.parametrize("name", ["decide", "submit", "render", "generate", "duplicate"])
def test_who_may_only_look_sees_no_button_and_can_do_nothing(onlooker, submitted, name):
    shown = onlooker.get(page(submitted)).content.decode()
    assert "The old harbour at dawn" in shown and "Mind the gulls" in shown
    assert deed(submitted, name) not in shown and 'id="storyboard_form"' in shown and "data-schema" not in shown
    before = submitted.updated_at
    assert onlooker.post(deed(submitted, name), {"decision": "approve", "revision": 1}).status_code == 403
    submitted.refresh_from_db()
    assert submitted.updated_at == before and not Job.objects.exists() and Storyboard.objects.count() == 1


def test_an_author_cannot_decide_and_a_reviewer_cannot_write(writer, reviewer_admin, submitted):
    assert decide(writer, submitted, "approve").status_code == 403
    assert deed(submitted, "decide") not in writer.get(page(submitted)).content.decode()
    assert reviewer_admin.post(deed(submitted, "generate"), {"brief": "x"}).status_code == 403
    assert reviewer_admin.post(page(submitted), {"title": "Mine"}).status_code == 403


@pytest.mark.parametrize("name", ["decide", "submit", "render", "generate", "duplicate"])
def test_every_deed_is_a_post_with_a_token_of_somebody_logged_in(reviewer, submitted, name):
    client = Client(enforce_csrf_checks=True)
    assert client.post(deed(submitted, name)).status_code in (302, 403)
    client.force_login(reviewer)
    assert client.post(deed(submitted, name), {"decision": "approve", "revision": 1}).status_code == 403
    assert client.get(deed(submitted, name)).status_code == 405
    submitted.refresh_from_db()
    assert submitted.status == StoryboardState.IN_REVIEW


def test_a_job_is_canceled_and_retried_by_who_may(browser: Browser, operator, onlooker, approved):
    job = order.render(approved)[0]
    assert onlooker.post(deed(job, "cancel")).status_code == 403
    keeper = browser(operator)
    keeper.post(deed(job, "cancel"))
    job.refresh_from_db()
    assert job.status == "canceled"
    response = keeper.post(deed(job, "retry"))
    again = Job.objects.exclude(pk=job.pk).get()
    assert again.retry_of == job and response["Location"] == page(again)
    assert "Only a failed or canceled job can be retried" in told(keeper.post(deed(again, "retry")))


def test_deleting_is_refused_while_a_job_works_for_it(writer, approved):
    job = order.render(approved)[0]
    response = writer.post(f"{LIST}{approved.pk}/delete/", {"post": "yes"})
    assert told(response) == "A job of this storyboard is under way. Cancel it first."
    order.cancel(job)
    writer.post(f"{LIST}{approved.pk}/delete/", {"post": "yes"})
    assert not Storyboard.objects.exists()
    assert Job.objects.get().storyboard is None  # what was made stays


@pytest.mark.parametrize("path", [LIST, JOBS, "/admin/rendering/campaign/"])
def test_nothing_is_done_in_bulk(writer, board, path):
    body = {"action": "delete_selected", "_selected_action": [str(board.pk)], "post": "yes"}
    writer.post(path, body)
    assert Storyboard.objects.filter(pk=board.pk).exists()
    assert "delete_selected" not in writer.get(path).content.decode()
