"""The review room in a real browser: look, decide, watch it render, play it; and write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rendering import tasks
from rendering.models import Job, Storyboard
from rendering.states import StoryboardState
from rendering.workflow import review, write
from tests import footage
from tests.admin.conftest import keep, scene
from tests.admin.pages import ADD, page
from tests.base import PASSWORD, person

PATIENCE = 15_000
NAUGHTY = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>"""
PLAYED = """async (video) => {
  if (!video.readyState) await new Promise((done) => video.addEventListener("loadedmetadata", done));
  video.currentTime = video.duration / 2;
  await new Promise((done) => video.addEventListener("seeked", done));
  return [video.duration, video.currentTime, video.videoWidth, video.videoHeight, video.error];
}"""
LOADED = "(images) => images.length > 0 && images.every((image) => image.complete && image.naturalWidth > 0)"
Visit = Callable[[str], Any]


@pytest.fixture
def visit(chromium: Any, live_server: Any, transactional_db: None) -> Iterator[Visit]:
    """`visit("name")` is a page of Chromium that is logged in as this member of staff. Nothing may go wrong in it."""
    wrong: list[str] = []
    contexts = []

    def enter(name: str) -> Any:
        context = chromium.new_context(base_url=live_server.url)
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE)
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        tab.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        tab.goto("/admin/")
        tab.fill("[name=username]", name)
        tab.fill("[name=password]", PASSWORD)
        tab.click("[type=submit]")
        tab.wait_for_url("**/admin/")
        return tab

    yield enter
    for context in contexts:
        context.close()
    assert not wrong


@contextmanager
def leaving(tab: Any) -> Iterator[None]:
    """Wait for the page that follows."""
    with tab.expect_navigation(wait_until="load"):
        yield


def submitted(tmp_path: Path, title: str = "Harbour tour") -> Storyboard:
    """A small film of an author that waits for a decision."""
    author = person("author", "author")
    pictures = [keep(footage.picture(tmp_path / f"{seed}.png", (160, 90), seed=seed), author) for seed in (1, 2)]
    scenes = [
        scene(pictures[0], "Dawn"),
        scene(pictures[1], NAUGHTY, transition={"kind": "crossfade", "duration": 0.25}),
    ]
    document = {"title": title, "width": 160, "height": 90, "fps": 8, "scenes": scenes}
    return review.submit(write.create(author, document), author)


def test_a_reviewer_sees_approves_watches_and_plays(visit: Visit, tmp_path: Path) -> None:
    board = submitted(tmp_path)
    person("reviewer", "reviewer", staff=True)
    tab = visit("reviewer")
    tab.click("text=Harbour tour")
    tab.wait_for_selector("img.there >> nth=1")
    assert tab.locator(".vs-frame img").evaluate_all(LOADED)
    assert tab.locator("h1").count() == 1
    tab.fill("#vs-note", "Lovely")
    with leaving(tab):
        tab.dblclick("text=Approve and render")
    job = Job.objects.get()
    assert tab.url.endswith(page(job))
    assert board.reviews.get().note == "Lovely"
    assert tab.text_content("[data-show=percent]") == "0%"

    tasks.run_job(str(job.pk))
    tab.wait_for_selector(".vs-strip span >> nth=2")  # the page has got the strip by itself
    first, *others = job.segments.values_list("pk", flat=True)
    tasks.run_segment(str(first))
    tab.wait_for_selector(".vs-strip .completed")
    tab.wait_for_function("() => parseInt(document.querySelector('[data-show=percent]').textContent) > 10")
    for other in others:
        tasks.run_segment(str(other))
    tasks.run_job(str(job.pk))
    tab.wait_for_selector("video")
    duration, at, width, height, error = tab.eval_on_selector("video", PLAYED)
    assert (duration, width, height, error) == (pytest.approx(0.75, abs=0.13), 160, 90, None)
    assert at == pytest.approx(duration / 2, abs=0.13)
    assert "0.75 s, 6 frames" in tab.text_content("aside")
    with tab.expect_download() as download:
        tab.click("text=Download")
    assert download.value.suggested_filename.endswith(".mp4")


def test_a_writer_builds_a_storyboard_from_nothing(visit: Visit, tmp_path: Path) -> None:
    writer = person("writer", "author", staff=True)
    keep(footage.picture(tmp_path / "pier.png", (64, 64)), writer)
    tab = visit("writer")
    tab.goto(ADD)
    tab.fill("[name=title]", "Pier")
    tab.click("text=Add a scene")
    steps = tab.locator(".vs-scene").first
    steps.locator("[data-path=template] select").select_option("how_it_works")
    for number in range(2):
        steps.locator("[data-path=steps] .vs-with-icon").click()
        steps.locator(f"[data-path='{number}'] [data-path=title] input").fill(f"Step {number}")
        steps.locator(f"[data-path='{number}'] [data-path=text] :is(input, textarea)").fill("Row")
    tab.click("text=Add a scene")
    last = tab.locator(".vs-scene").last
    last.locator("[data-path=template] select").select_option("picture")
    last.locator("[data-path=image] button").click()
    tab.click(".vs-choice:has-text('pier.png')")
    last.locator("[data-path=caption] textarea").fill(NAUGHTY)
    last.locator("[data-path=duration] input").first.fill("0.1")
    with leaving(tab):
        tab.click("#submit-row [name=_save]")
    told = [card.locator(".vs-problem").all_text_contents() for card in tab.locator(".vs-scene").all()]
    assert told == [["This is required."], ["This must be at least 0.5."]]
    tab.locator(".vs-scene [data-path=params] > .vs-fields > [data-path=title] input").fill("How boats work")
    last.locator("[data-path=duration] input").first.fill("1.5")
    tab.click("[title='Move scene 2 up']")
    with leaving(tab):
        tab.click("#submit-row [name=_save]")
    board = Storyboard.objects.get()
    assert tab.url.endswith(page(board))
    first, second = board.scenes.all()
    assert (first.caption, first.duration) == (NAUGHTY, 1.5)
    assert [step["title"] for step in second.params["steps"]] == ["Step 0", "Step 1"]
    assert tab.text_content(".vs-caption") == NAUGHTY
    tab.wait_for_selector("img.there >> nth=1")


def test_an_edit_in_a_second_tab_is_not_overwritten(visit: Visit, tmp_path: Path) -> None:
    board = submitted(tmp_path, NAUGHTY)
    person("writer", "author", staff=True)
    tab = visit("writer")
    tab.goto(page(board))
    tab.click(".vs-views >> text=Edit")
    assert not tab.is_visible(".vs-sheet")
    tab.fill("[name=title]", "Mine")
    write.rewrite(board, board.owner, board.document() | {"title": "Theirs"})
    with leaving(tab):
        tab.click("#submit-row [name=_save]")
    assert "author saved revision 2 while you worked on revision 1" in tab.text_content("#content")
    assert tab.input_value("[name=title]") == "Mine"
    board.refresh_from_db()
    assert (board.title, board.revision, board.status) == ("Theirs", 2, StoryboardState.DRAFT)
