"""Children kept warm: one of a module, let go when idle, started anew when asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.work.test_sandbox import TOY, dead, until
from videoserver.work import warm
from videoserver.work.sandbox import Child


@pytest.fixture
def toy() -> Iterator[Child]:
    child = warm.warm(TOY)
    yield child
    child.close()


def test_a_process_has_one_child_of_a_module(toy: Child) -> None:
    assert warm.warm(TOY) is toy


def test_a_child_that_was_asked_lately_stays(toy: Child, tmp_path: Path) -> None:
    pid = toy.request({"do": "echo", "say": ""}, folder=tmp_path)["pid"]
    warm.let_go(idle=60)
    assert toy.pid == pid


def test_an_idle_child_is_let_go_and_comes_back_when_asked(toy: Child, tmp_path: Path) -> None:
    pid = toy.request({"do": "echo", "say": ""}, folder=tmp_path)["pid"]
    warm.let_go(idle=0)
    until(lambda: dead(pid))
    assert toy.pid is None
    assert toy.request({"do": "echo", "say": "again"}, folder=tmp_path)["said"] == "again"


def test_a_busy_child_is_never_let_go(toy: Child, tmp_path: Path) -> None:
    pids: list[int | None] = []

    def look(_event: dict[str, object]) -> None:
        warm.let_go(idle=0)
        pids.append(toy.pid)

    answer = toy.request({"do": "echo", "say": ""}, folder=tmp_path, on_event=look)
    assert answer
    assert pids and None not in pids
