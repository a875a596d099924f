"""Storyboards move by conditional updates, and the database holds the names of the states."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from rendering.exceptions import FourEyes, Outdated, WrongState
from rendering.models import Job, Review, Storyboard
from rendering.states import STORYBOARD_MOVES, JobKind, StoryboardState
from rendering.workflow import order, review, write
from tests.base import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def board(author: User) -> Storyboard:
    return write.create(author, {"title": "Harbour", "scenes": [closing("One")]})


def closing(title: str) -> dict[str, Any]:
    """A scene that needs no asset."""
    return {"template": "closing", "duration": 1, "params": {"title": title, "call_to_action": "Come"}}


@pytest.mark.parametrize("target", StoryboardState)
@pytest.mark.parametrize("status", StoryboardState)
def test_only_the_moves_of_the_table_are_made(
    board: Storyboard, status: StoryboardState, target: StoryboardState
) -> None:
    Storyboard.objects.update(status=status)
    board.refresh_from_db()
    if target in STORYBOARD_MOVES[status]:
        board._move(target, board.revision)
        assert board.status == target
    else:
        with pytest.raises(WrongState):
            board._move(target, board.revision)
        board.refresh_from_db()
        assert board.status == status


def test_an_edit_between_look_and_click_stops_the_approval(board: Storyboard, author: User, reviewer: User) -> None:
    review.submit(board, author)
    shown = board.revision
    write.rewrite(Storyboard.objects.get(), author, board.document() | {"title": "Another"})
    with pytest.raises(Outdated):
        review.approve(board, reviewer, revision=shown)
    assert not board.reviews.exists()


def test_an_edit_after_approval_makes_it_stale(board: Storyboard, author: User, reviewer: User) -> None:
    review.submit(board, author)
    review.approve(board, reviewer, board.revision)
    assert board.is_approved
    write.add_scene(board, author, closing("Two"))
    assert board.status == StoryboardState.DRAFT
    assert not board.is_approved
    assert board.approval is not None and board.approval.revision == board.revision - 1


def test_writing_the_same_content_is_no_new_revision(board: Storyboard, author: User) -> None:
    write.rewrite(board, author, board.document())
    write.rewrite(board, author, board.document() | {"metadata": {"shelf": 3}})
    board.refresh_from_db()
    assert (board.revision, board.metadata) == (1, {"shelf": 3})


def test_four_eyes_keep_owner_and_last_editor_from_approving(board: Storyboard, author: User, settings: Any) -> None:
    settings.REQUIRE_FOUR_EYES = True
    editor = person("editor", "reviewer", staff=True)
    write.add_scene(board, editor, closing("Two"))
    review.submit(board, author)
    for somebody in (author, editor):
        with pytest.raises(FourEyes):
            review.approve(board, somebody, board.revision)
    assert review.approve(board, person("third", "reviewer", staff=True), board.revision).is_approved


def test_the_database_refuses_unknown_words(board: Storyboard, author: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Storyboard.objects.update(status="nearly")
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(storyboard=board, reviewer=author, verdict="perhaps", revision=1, content_hash="")
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(owner=author, kind="dance", input_hash="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(owner=author, kind=JobKind.STORYBOARD, status="running", input_hash="x")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_approvers_at_once_one_decides(board: Storyboard, author: User, reviewer: User) -> None:
    review.submit(board, author)
    outcomes = at_once(lambda: review.approve(Storyboard.objects.get(), reviewer, board.revision))
    assert len([outcome for outcome in outcomes if isinstance(outcome, Storyboard)]) == 1, outcomes
    assert len([outcome for outcome in outcomes if isinstance(outcome, Outdated | WrongState)]) == 3, outcomes
    assert Review.objects.count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_orders_at_once_one_becomes_the_job(board: Storyboard, author: User, reviewer: User) -> None:
    review.submit(board, author)
    review.approve(board, reviewer, board.revision)
    outcomes = at_once(lambda: order.render(Storyboard.objects.get())[0].pk)
    assert len(set(outcomes)) == 1, outcomes
    assert Job.objects.count() == 1


def at_once(deed: Any, times: int = 4) -> list[Any]:
    """Do it in several threads that start together; what each gave or raised."""
    gate, outcomes = threading.Barrier(times), []

    def run() -> None:
        gate.wait()
        try:
            outcomes.append(deed())
        except Exception as error:  # noqa: BLE001 - the outcome is the answer
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
