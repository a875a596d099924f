"""A brief becomes scenes, pictures and a soundtrack: one prediction each, all of them free."""

from __future__ import annotations

import itertools

import pytest
from django.contrib.auth.models import User

from rendering import tasks
from rendering.exceptions import NotTogether, TooManyScenes, UnknownProvider, WrongState
from rendering.models import Job, Prediction, Storyboard
from rendering.providers import likeness, registry
from rendering.states import JobState
from rendering.workflow import order, progress, review, write
from tests.base import person
from tests.workflow.queue import work_off

pytestmark = pytest.mark.django_db

BRIEF = """# A morning at the harbour

The lighthouse keeps its last watch over the sea.

At five the bakery switches on its lamps. Bread cools in the window.

The boats come home. Gulls follow every sail.

Come and stay for the light.
"""


@pytest.fixture
def board(author: User) -> Storyboard:
    return write.create(author, {"title": "Harbour", "width": 160, "height": 90, "fps": 8, "scenes": []})


def test_a_brief_becomes_a_storyboard_that_can_be_reviewed(board: Storyboard, author: User) -> None:
    job = work_off(order.generate(board, {"brief": BRIEF}))
    assert (job.status, job.error_detail) == (JobState.COMPLETED, "")
    board.refresh_from_db()
    scenes = list(board.scenes.all())
    assert [scene.template for scene in scenes][-1] == "closing"
    assert {"picture", "footage", "closing"} <= {scene.template for scene in scenes}
    assert all(
        scene.params.get("image") or scene.params.get("video") or scene.template == "closing" for scene in scenes
    )
    assert board.soundtrack is not None
    assert review.submit(board, author).status == "in_review"


def test_everything_made_is_a_prediction_that_cost_nothing_and_says_it_is_local(board: Storyboard) -> None:
    job = work_off(order.generate(board, {"brief": BRIEF}))
    predictions = list(job.predictions.select_related("asset"))
    assert {row.kind for row in predictions} == {"image", "clip", "soundtrack"}
    assert {(row.provider, row.amount, row.status) for row in predictions} == {("local", 0, "completed")}
    for row in predictions:
        assert row.model.startswith("local/")
        assert row.asset is not None
        assert row.asset.metadata["source"] == "ai_generation"
        assert row.asset.metadata["model"] == row.model
    assert job.actual_cost == 0
    assert progress.of(job)["scenes_completed"] == progress.of(job)["scenes_total"] == len(predictions)


def test_no_two_pictures_of_a_storyboard_look_alike(board: Storyboard) -> None:
    job = work_off(order.generate(board, {"brief": BRIEF}))
    looks = [row.inputs["likeness"] for row in job.predictions.filter(kind="image")]
    looks += [each["likeness"] for each in job.document["orders"] if each.get("likeness")]
    assert len(looks) >= 3
    assert min(likeness.distance(one, other) for one, other in itertools.combinations(looks, 2)) > likeness.TOO_ALIKE


def test_the_same_words_give_the_same_pictures(board: Storyboard, author: User) -> None:
    def pictures(storyboard: Storyboard) -> list[str]:
        job = work_off(order.generate(storyboard, {"brief": BRIEF, "only": ["text", "image"]}))
        return [row.asset.checksum for row in job.predictions.filter(kind="image") if row.asset]

    other = write.create(author, {"title": "Harbour", "width": 160, "height": 90, "fps": 8, "scenes": []})
    assert pictures(board) == pictures(other)


def test_one_scene_gets_a_new_picture_and_the_others_keep_theirs(board: Storyboard) -> None:
    work_off(order.generate(board, {"brief": BRIEF, "only": ["text", "image"]}))
    board.refresh_from_db()
    first, second, *_ = board.scenes.filter(template="picture")
    job = work_off(order.generate(board, {"only": ["image"], "scene": str(first.pk)}))
    assert job.predictions.count() == 1
    board.refresh_from_db()
    assert board.scenes.get(pk=first.pk).params["image"] == str(job.predictions.get().asset_id)
    assert board.scenes.get(pk=second.pk).params == second.params


def test_an_empty_brief_fails_with_a_sentence(board: Storyboard) -> None:
    job = work_off(order.generate(board, {"brief": "   "}))
    assert (job.status, job.error_code) == (JobState.FAILED, "brief_empty")
    board.refresh_from_db()
    assert board.revision == 1


def test_an_edit_while_pictures_are_made_is_kept(board: Storyboard, author: User) -> None:
    job = order.generate(board, {"brief": BRIEF, "only": ["text", "image"]})
    tasks.run_job(str(job.pk))
    board.refresh_from_db()
    write.rewrite(board, author, board.document() | {"title": "Renamed meanwhile"})
    assert work_off(job).status == JobState.COMPLETED
    board.refresh_from_db()
    assert board.title == "Renamed meanwhile"
    assert all(scene.params["image"] for scene in board.scenes.filter(template="picture"))


def test_what_people_set_meanwhile_stays(board: Storyboard, author: User) -> None:
    work_off(order.generate(board, {"brief": BRIEF, "only": ["text", "image"]}))
    board.refresh_from_db()
    first, second, third = board.scenes.filter(template="picture")[:3]
    write.change_scene(board, author, first, {"params": {"image": None}})
    write.change_scene(board, author, board.scenes.get(pk=second.pk), {"params": {"image": None}})
    job = order.generate(board, {"only": ["image"]})
    tasks.run_job(str(job.pk))
    board.refresh_from_db()
    mine = third.params["image"]
    write.change_scene(board, author, board.scenes.get(pk=first.pk), {"params": {"image": mine}})
    closing = {"template": "closing", "params": {"title": "No picture any more", "call_to_action": "Come"}}
    write.replace_scene(board, author, board.scenes.get(pk=second.pk), {**second.document(), **closing})
    assert work_off(job).status == JobState.COMPLETED
    board.refresh_from_db()
    assert board.scenes.get(pk=first.pk).params["image"] == mine
    assert board.scenes.get(pk=second.pk).template == "closing"


def test_an_edit_between_order_and_start_keeps_its_text(board: Storyboard, author: User) -> None:
    job = order.generate(board, {"brief": BRIEF})
    write.add_scene(
        board, author, {"template": "closing", "duration": 1, "params": {"title": "Mine", "call_to_action": "Come"}}
    )
    assert work_off(job).error_code == "outdated"
    board.refresh_from_db()
    assert [scene.params["title"] for scene in board.scenes.all()] == ["Mine"]


def test_a_storyboard_is_generated_once_at_a_time(board: Storyboard) -> None:
    order.generate(board, {"brief": BRIEF})
    with pytest.raises(WrongState):
        order.generate(board, {"brief": BRIEF})


def test_an_order_that_makes_no_sense_is_refused(board: Storyboard) -> None:
    with pytest.raises(UnknownProvider):
        order.generate(board, {"brief": BRIEF, "provider": "nope"})
    work_off(order.generate(board, {"brief": BRIEF, "only": ["text"]}))
    scene = board.scenes.first()
    assert scene is not None
    with pytest.raises(NotTogether):
        order.generate(board, {"brief": BRIEF, "only": ["text"], "scene": str(scene.pk)})


def test_who_ordered_the_text_is_its_editor(board: Storyboard) -> None:
    editor = person("editor", "reviewer", staff=True)
    work_off(order.generate(board, {"brief": BRIEF, "only": ["text"]}, by=editor))
    board.refresh_from_db()
    assert board.last_editor == editor


def test_a_canceled_generation_makes_nothing_more(board: Storyboard) -> None:
    job = order.generate(board, {"brief": BRIEF})
    tasks.run_job(str(job.pk))
    order.cancel(job)
    assert work_off(job).status == JobState.CANCELED
    assert not Prediction.objects.filter(status="completed").exists()
    assert Job.objects.count() == 1


def test_each_provider_has_its_own_limit_of_scenes(board, monkeypatch):
    monkeypatch.setattr(registry.PROVIDERS["local"], "most_scenes", 3, raising=False)
    with pytest.raises(TooManyScenes) as refused:
        order.generate(board, {"brief": "A harbour.", "scenes": 4})
    assert refused.value.errors[0]["pointer"] == "/scenes"
    assert not Job.objects.exists()
    assert order.generate(board, {"brief": "A harbour.", "scenes": 3}).pk
