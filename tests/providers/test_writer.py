"""The local provider's writing: any brief becomes a storyboard that can be read in time."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rendering.providers.base import BriefEmpty, Draft, ProviderError
from rendering.providers.local import LocalProvider, script, writer

PROVIDER = LocalProvider()
BRIEF = (Path(__file__).parents[2] / "docs" / "brief.md").read_text(encoding="utf-8")


def length(draft: Draft) -> float:
    overlaps = sum(scene.transition["duration"] for scene in draft.scenes if scene.transition)
    return sum(scene.duration for scene in draft.scenes) - overlaps


def assert_sound(draft: Draft) -> None:
    """What holds for every storyboard, whatever the brief."""
    assert draft.title.strip() == draft.title != ""
    assert "\n" not in draft.title
    assert writer.width(draft.title) <= writer.TITLE
    assert draft.scenes[0].transition is None
    for before, scene in zip((None, *draft.scenes), draft.scenes, strict=False):
        assert writer.SHORTEST <= scene.duration <= writer.LONGEST
        assert writer.width(scene.caption) <= writer.CAPTION
        if before:
            assert scene.transition == {"kind": "crossfade", "duration": 0.5}
        if scene.template == "picture":
            assert scene.prompt
            assert before is None or scene.params["motion"] != before.params.get("motion")
        if scene.template == "closing":
            assert scene.params["title"]
            assert 0 < writer.width(scene.params["call_to_action"]) <= writer.CALL
    prompts = [scene.prompt for scene in draft.scenes if scene.makes]
    assert len(set(prompts)) == len(prompts), "equal prompts would give equal pictures"


def test_the_demos_brief_gives_a_short_film() -> None:
    draft = PROVIDER.write_scenes(BRIEF)
    assert_sound(draft)
    assert draft.title == "A morning in Sandhavn"
    assert 5 <= len(draft.scenes) <= 7
    assert 15 <= length(draft) <= 30
    assert draft.scenes[-1].template == "closing"
    assert draft.scenes[-1].params["call_to_action"] == "Come, and stay for the light."
    assert PROVIDER.write_scenes(BRIEF) == draft


def test_a_draft_is_a_storyboard_document_without_its_assets() -> None:
    draft = PROVIDER.write_scenes("# Tea\n\nLeaves wait.\n\nWater sings.\n\nDrink slowly.", clip=True)
    document = draft.document()
    assert set(document) == {"title", "scenes"}
    first, second, last = document["scenes"]
    assert set(first) == {"template", "duration", "params", "caption"}
    assert set(second) == {"template", "duration", "params", "caption", "transition"}
    assert [scene.template for scene in draft.scenes] == ["picture", "footage", "closing"]
    assert [(scene.makes, scene.asset_param) for scene in draft.scenes] == [
        ("image", "image"),
        ("clip", "video"),
        ("", ""),
    ]
    assert last["params"] == {"title": "Tea", "call_to_action": "Drink slowly."}


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12, 40])
@pytest.mark.parametrize("brief", ["Sea", "A boat. A gull. A pier.", BRIEF, "one, two, three and four " * 60])
def test_as_many_scenes_as_asked(brief: str, count: int) -> None:
    draft = PROVIDER.write_scenes(brief, count)
    assert_sound(draft)
    assert len(draft.scenes) == count


def test_markdown_is_read_and_not_shown() -> None:
    draft = PROVIDER.write_scenes(
        "---\nlayout: page\n---\n# The **Big** [Boat](https://x.example/a)\n\n"
        "![alt](a.png) It is _really_ `big`, says <b>Dr. Brown</b>. See for yourself.<!-- secret -->\n\n"
        "```python\nprint('never shown')\n```\n\n"
        "## The crew\n- [x] Ann steers\n- Bob cooks\n1. Cyd sings\n\n> Quoted words float.\n\n"
        "| name | job |\n|---|---|\n| Dan | nets |\n\nScene 7: Narrator: The end is near.\n\n"
        "Book at https://boat.example/book or ask boat@boat.example."
    )
    shown = " ".join(
        [draft.title, *(f"{scene.caption} {scene.narration_text} {scene.prompt}" for scene in draft.scenes)]
    )
    assert draft.title == "The Big Boat"
    for mark in ("*", "`", "_", "#", "<", "](", "never shown", "secret", "layout", "Scene 7", "Narrator", "[x]", "---"):
        assert mark not in shown
    assert "It is really big, says Dr. Brown." in shown
    assert "The end is near." in shown
    closing = draft.scenes[-1].params
    assert closing["url"] == "https://boat.example/book"
    assert closing["contact"] == "boat@boat.example"
    assert_sound(draft)


def test_abbreviations_and_numbers_end_no_sentence() -> None:
    text = "Dr. Smith paid 3.50 to J. Doe, e.g. for tea. “Why?” asked Ann. それは海です。鳥です。"
    assert script.sentences(text) == [
        "Dr. Smith paid 3.50 to J. Doe, e.g. for tea.",
        "“Why?” asked Ann.",
        "それは海です。",
        "鳥です。",
    ]


def test_long_sentences_are_cut_at_a_clause() -> None:
    words = (
        "When the long night ends and the lamps go out along the quay, everybody who has a boat is awake, and sings."
    )
    cut = writer.shortened(words, 84)
    assert cut == "When the long night ends and the lamps go out along the quay…"
    assert writer.shortened("海" * 90, 84) == "海" * 41 + "…"


def test_a_very_long_text_becomes_a_short_storyboard() -> None:
    draft = PROVIDER.write_scenes("\n\n".join(f"Paragraph {n} begins here. It goes on. And on." for n in range(400)))
    assert_sound(draft)
    assert len(draft.scenes) <= 8


@pytest.mark.parametrize("brief", ["", "   \n\n\t", "---", "***\n\n!!! ???", "```\ncode only\n```", "<!-- x -->", "#"])
def test_an_empty_brief_is_said_to_be_empty(brief: str) -> None:
    with pytest.raises(BriefEmpty, match="empty") as error:
        PROVIDER.write_scenes(brief)
    assert error.value.code == "brief_empty"


@pytest.mark.parametrize("count", [0, -1, 201])
def test_a_senseless_number_of_scenes_is_refused(count: int) -> None:
    with pytest.raises(ProviderError, match="1 to 200"):
        PROVIDER.write_scenes("Words", count)


def test_a_given_title_stays() -> None:
    assert PROVIDER.write_scenes("# Mine\n\nText here.", title="Yours").title == "Yours"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=600), st.none() | st.integers(1, 9), st.booleans())
def test_any_text_gives_a_sound_storyboard_or_is_empty(brief: str, count: int | None, clip: bool) -> None:
    try:
        draft = PROVIDER.write_scenes(brief, count, clip=clip)
    except BriefEmpty:
        return
    assert_sound(draft)
    assert count is None or len(draft.scenes) == count
    draft.document()["title"].encode()


LINES = st.sampled_from(
    ["# Head", "## Sub", "A plain sentence.", "Two here. And there!", "- item", "1. item", "> quote", "", "", "---",
     "| a | b |", "```", "word " * 30, "Scene 3:", "日本語の文です。", "https://a.example/b", "*x*", "==", "مرحبا."]
)  # fmt: skip


@example(brief="---\n# Head\n---\n", count=None)
@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=25).map("\n".join), st.none() | st.integers(1, 9))
def test_any_markdown_gives_a_sound_storyboard_or_is_empty(brief: str, count: int | None) -> None:
    try:
        assert_sound(PROVIDER.write_scenes(brief, count))
    except BriefEmpty:
        assert not any(line in brief for line in ("Head", "plain", "Two")) or "```" in brief


def test_writing_costs_nothing() -> None:
    draft = PROVIDER.write_scenes("Words")
    assert (draft.model, draft.cost) == ("local/writer-1", Decimal("0"))
