"""The human gate over HTTP: what is decided is exactly what was seen, by who may decide."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from rendering.models import Job, Review, Storyboard
from rendering.workflow import review
from tests.api.conftest import url
from tests.base import Api, person, problem

DECISIONS = ("approve/", "reject/", "request-changes/")


def test_a_draft_is_submitted_and_approved(author_api: Api, reviewer_api: Api, board: Storyboard) -> None:
    submitted = author_api.post(url(board, "submit/"), {"note": "Please look"})
    assert (submitted.status_code, submitted.json()["status"]) == (200, "in_review")
    approved = reviewer_api.post(url(board, "approve/"), {"revision": 1, "note": "Lovely"}).json()
    assert (approved["status"], approved["approval"]["by"], approved["approval"]["stale"]) == (
        "approved", "reviewer", False,
    )  # fmt: skip
    assert not Job.objects.exists()


@pytest.mark.parametrize(("deed", "status"), [("reject/", "rejected"), ("request-changes/", "changes_requested")])
def test_a_decision_against_it_is_recorded(
    reviewer_api: Api, submitted: Storyboard, reviewer: User, deed: str, status: str
) -> None:
    body = reviewer_api.post(url(submitted, deed), {"revision": 1, "note": "Too dark"}).json()
    assert (body["status"], body["approval"]) == (status, None)
    made = Review.objects.get()
    assert (made.reviewer, made.verdict, made.note, made.content_hash) == (
        reviewer, status, "Too dark", submitted.content_hash,
    )  # fmt: skip


def test_an_approval_is_taken_back_by_requesting_changes(reviewer_api: Api, approved: Storyboard) -> None:
    body = reviewer_api.post(url(approved, "request-changes/"), {"revision": 1}).json()
    assert (body["status"], body["approval"]["stale"]) == ("changes_requested", True)


@pytest.mark.parametrize("deed", DECISIONS)
def test_a_decision_names_the_revision_that_was_seen(
    author_api: Api, reviewer_api: Api, submitted: Storyboard, deed: str
) -> None:
    body = problem(reviewer_api.post(url(submitted, deed), {}), 400, "validation_error")
    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [("/revision", "required")]
    problem(reviewer_api.post(url(submitted, deed), {"revision": 2}), 409, "outdated")
    author_api.patch(url(submitted), {"title": "One word more"})
    author_api.post(url(submitted, "submit/"))
    problem(reviewer_api.post(url(submitted, deed), {"revision": 1}), 409, "outdated")
    assert not Review.objects.exists()


@pytest.mark.parametrize("deed", DECISIONS)
def test_a_draft_is_not_decided_on(reviewer_api: Api, board: Storyboard, deed: str) -> None:
    problem(reviewer_api.post(url(board, deed), {"revision": 1}), 409, "wrong_state")


def test_a_storyboard_is_submitted_once(author_api: Api, submitted: Storyboard) -> None:
    problem(author_api.post(url(submitted, "submit/")), 409, "wrong_state")


def test_a_submission_of_another_revision_is_refused(author_api: Api, board: Storyboard) -> None:
    problem(author_api.post(url(board, "submit/"), {"revision": 4}), 409, "outdated")
    problem(author_api.post(url(board, "submit/"), headers={"If-Match": '"r4"'}), 412, "precondition_failed")


def test_approving_with_render_orders_the_film_in_one_go(reviewer_api: Api, submitted: Storyboard) -> None:
    response = reviewer_api.post(url(submitted, "approve/"), {"revision": 1, "render": True})
    body = response.json()
    assert (response.status_code, body["kind"], body["status"], body["revision"]) == (202, "storyboard", "queued", 1)
    assert response["Location"] == body["urls"]["self"] == f"/api/v1/jobs/{body['id']}"
    assert reviewer_api.get(url(submitted)).json()["status"] == "approved"


def test_approving_twice_starts_one_render(reviewer_api: Api, submitted: Storyboard) -> None:
    body = {"revision": 1, "render": True}
    assert reviewer_api.post(url(submitted, "approve/"), body).status_code == 202
    problem(reviewer_api.post(url(submitted, "approve/"), body), 409, "wrong_state")
    assert (Job.objects.count(), Review.objects.count()) == (1, 1)


def test_an_approval_that_cannot_be_rendered_is_none(reviewer_api: Api, submitted: Storyboard) -> None:
    submitted.campaign = None
    submitted.scenes.all().delete()
    problem(reviewer_api.post(url(submitted, "approve/"), {"revision": 1, "render": True}), 422, "no_scenes")
    assert reviewer_api.get(url(submitted)).json()["status"] == "in_review"
    assert not Review.objects.exists()


@pytest.mark.parametrize("deed", DECISIONS)
def test_an_author_does_not_decide(author_api: Api, submitted: Storyboard, deed: str) -> None:
    problem(author_api.post(url(submitted, deed), {"revision": 1}), 403, "permission_denied")


@pytest.mark.parametrize("deed", DECISIONS)
def test_a_key_decides_only_with_the_scope_review(
    api: type[Api], reviewer: User, submitted: Storyboard, deed: str
) -> None:
    limited = api(reviewer, "read", "write")
    problem(limited.post(url(submitted, deed), {"revision": 1}), 403, "scope_missing")
    assert api(reviewer, "review").post(url(submitted, deed), {"revision": 1}).status_code == 200


def test_staff_without_the_permission_do_not_decide(api: type[Api], submitted: Storyboard) -> None:
    clerk = person("clerk", staff=True)
    problem(api(clerk).post(url(submitted, "approve/"), {"revision": 1}), 403, "permission_denied")


def test_with_four_eyes_nobody_approves_what_they_wrote(
    api: type[Api], author: User, submitted: Storyboard, settings: Any
) -> None:
    author.user_permissions.add(Permission.objects.get(codename="approve_storyboard"))
    settings.REQUIRE_FOUR_EYES = True
    problem(api(author).post(url(submitted, "approve/"), {"revision": 1}), 403, "four_eyes")
    settings.REQUIRE_FOUR_EYES = False
    assert api(author).post(url(submitted, "approve/"), {"revision": 1}).status_code == 200


def test_a_storyboard_is_not_there_to_be_decided_on_by_strangers(stranger_api: Api, submitted: Storyboard) -> None:
    problem(stranger_api.post(url(submitted, "submit/")), 404, "not_found")


def test_unknown_words_in_a_decision_are_errors(reviewer_api: Api, submitted: Storyboard) -> None:
    body = problem(reviewer_api.post(url(submitted, "approve/"), {"revison": 1, "note": "x"}), 400, "validation_error")
    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("/revision", "required"),
        ("/revison", "unknown"),
    }


def decider() -> User:
    """A member of staff who may decide, and nothing else."""
    user = person("decider", staff=True)
    user.user_permissions.set([Permission.objects.get(codename="approve_storyboard")])
    return user


@pytest.mark.parametrize("path", ["approve/", "render/"])
def test_a_film_of_others_is_ordered_only_by_who_may_add_jobs(api: type[Api], submitted: Storyboard, path: str) -> None:
    user = decider()
    if path == "render/":
        review.approve(submitted, user, 1)
    body = {"revision": 1, "render": True} if path == "approve/" else {}
    problem(api(user).post(url(submitted, path), body), 403, "permission_denied")
    assert not Job.objects.exists()
    assert Review.objects.count() == (0 if path == "approve/" else 1)
    user.user_permissions.add(Permission.objects.get(codename="add_job"))
    user = User.objects.get(pk=user.pk)
    assert api(user).post(url(submitted, path), body).status_code == 202


def test_a_reviewer_orders_the_film_that_was_approved(reviewer_api: Api, approved: Storyboard) -> None:
    assert reviewer_api.post(url(approved, "render/"), {}).status_code == 202


def test_to_order_with_an_approval_a_key_needs_both_scopes(
    api: type[Api], reviewer: User, submitted: Storyboard
) -> None:
    body = {"revision": 1, "render": True}
    for scopes in (["review"], ["write"], ["read", "review"]):
        problem(api(reviewer, *scopes).post(url(submitted, "approve/"), body), 403, "scope_missing")
    assert not Review.objects.exists() and not Job.objects.exists()
    assert api(reviewer, "review", "write").post(url(submitted, "approve/"), body).status_code == 202


def test_an_owner_who_may_decide_orders_their_own_film(api: type[Api], submitted: Storyboard, author: User) -> None:
    author.groups.clear()
    author.user_permissions.set([Permission.objects.get(codename="approve_storyboard")])
    owner = api(User.objects.get(pk=author.pk), "review", "write")
    assert owner.post(url(submitted, "approve/"), {"revision": 1, "render": True}).status_code == 202
