"""A storyboard's page of twenty scenes in a real browser: small pictures, sharp on dense screens, and nothing jumps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rendering.models import Storyboard
from rendering.workflow import review, write
from tests import footage
from tests.admin.conftest import keep, scene
from tests.admin.pages import page
from tests.base import PASSWORD, person

SCENES = 20
MOST_BYTES = 300_000
SETTLED = """() => {
  const images = [...document.querySelectorAll("img[data-still]")];
  return images.length > 0 && images.every((image) => image.complete && image.naturalWidth > 0);
}"""
SENT = """() => performance.getEntriesByType("resource")
  .filter((entry) => entry.name.includes("still.jpg")).map((entry) => entry.transferSize)"""
SHIFTS = """() => new Promise((done) => new PerformanceObserver((list, observer) => {
  observer.disconnect();
  done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0));
}).observe({ type: "layout-shift", buffered: true }) || setTimeout(() => done(0), 300))"""
Open = Callable[..., Any]


@pytest.fixture
def board(transactional_db: None, tmp_path: Path) -> Storyboard:
    """Twenty scenes of 1080p that wait for a decision."""
    author = person("author", "author")
    pictures = [keep(footage.picture(tmp_path / f"{seed}.png", (640, 360), seed=seed), author) for seed in (1, 2)]
    scenes = [scene(pictures[at % 2], f"Scene {at + 1} of the harbour") for at in range(SCENES)]
    return review.submit(write.create(author, {"title": "Harbour", "scenes": scenes}), author)


@pytest.fixture
def browser_tab(chromium: Any, live_server: Any, settings: Any, tmp_path: Path) -> Iterator[Open]:
    """A logged-in tab of a screen of this density; nothing may go wrong in it."""
    settings.SEGMENTS_DIR = tmp_path / "segments"
    wrong: list[str] = []
    contexts = []
    person("reviewer", "reviewer", staff=True)

    def enter(density: int = 1, *, strict: bool = True) -> Any:
        context = chromium.new_context(
            base_url=live_server.url, device_scale_factor=density, viewport={"width": 1440, "height": 1000}
        )
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("console", lambda said: wrong.append(said.text) if strict and said.type == "error" else None)
        tab.goto("/admin/")
        tab.fill("[name=username]", "reviewer")
        tab.fill("[name=password]", PASSWORD)
        tab.click("[type=submit]")
        tab.wait_for_url("**/admin/")
        return tab

    yield enter
    for context in contexts:
        context.close()
    assert not wrong


def stills(tab: Any) -> list[Any]:
    """The stills that arrive in this tab from now on."""
    arrived: list[Any] = []
    tab.on("response", lambda answer: arrived.append(answer) if "still.jpg" in answer.url else None)
    return arrived


def settle(tab: Any, board: Storyboard) -> None:
    """Open the page, see all of it, and wait for its pictures."""
    tab.goto(page(board))
    tab.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    tab.wait_for_function(SETTLED, timeout=60_000)


def test_twenty_tiles_are_small_and_are_not_asked_for_twice(browser_tab: Open, board: Storyboard) -> None:
    tab = browser_tab()
    first = stills(tab)
    settle(tab, board)
    assert len(first) == SCENES
    assert all("w=240" in answer.url for answer in first)
    assert sum(len(answer.body()) for answer in first) <= MOST_BYTES
    settle(tab, board)
    sent = tab.evaluate(SENT)
    assert len(sent) == SCENES
    assert set(sent) == {0}  # all of them from the browser's own cache


def test_a_dense_screen_gets_twice_the_pixels(browser_tab: Open, board: Storyboard) -> None:
    tab = browser_tab(density=2)
    arrived = stills(tab)
    settle(tab, board)
    assert all("w=480" in answer.url for answer in arrived)
    widths = tab.evaluate("() => [...document.querySelectorAll('img[data-still]')].map((image) => image.naturalWidth)")
    assert set(widths) == {240}  # in pixels of the page: each has two of the picture's


def test_nothing_jumps_while_the_pictures_come(browser_tab: Open, board: Storyboard) -> None:
    tab = browser_tab()
    settle(tab, board)
    assert tab.evaluate(SHIFTS) < 0.02


def test_a_busy_moment_is_waited_out(browser_tab: Open, board: Storyboard) -> None:
    tab = browser_tab(strict=False)  # it tells of what was refused
    refused: list[str] = []

    def busy(route: Any) -> None:
        if len(refused) < 3 and route.request.url not in refused:
            refused.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    tab.route("**/still.jpg*", busy)
    settle(tab, board)
    assert len(refused) == 3
