"""Children kept warm: one of a module, let go when idle, started anew when asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.work.test_sandbox import TOY, dead, until
from videoserver.work import warm
from videoserver.work.sandbox import Child, OnEvent


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


def ask(toy: Child, folder: Path, on_event: OnEvent | None = None) -> int:
    """The pid of the child that answered."""
    pid: int = toy.request({"do": "echo", "say": ""}, folder=folder, on_event=on_event)["pid"]
    return pid


def while_all_are_busy(toy: Child, folder: Path, deed: Callable[[], object]) -> None:
    """Do it once in the middle of as many requests as there are children."""
    done = False

    def once(_event: object) -> None:
        nonlocal done
        if not done:
            done = True
            deed()

    def ask_another(_event: object) -> None:
        if not done:
            ask(toy, folder, once)

    ask(toy, folder, ask_another)
    assert done


def test_who_finds_the_child_busy_has_another(toy: Child, tmp_path: Path) -> None:
    others: list[int] = []
    first = ask(toy, tmp_path, lambda _event: others.append(ask(toy, tmp_path)))
    assert others and first not in others
    assert ask(toy, tmp_path) == first, "and when it is free it is asked again"


def test_who_waits_in_person_is_told_that_all_are_busy(
    toy: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "PATIENCE", 0.01)

    def refused() -> None:
        with pytest.raises(warm.Busy) as busy:
            ask(toy, tmp_path)
        assert (busy.value.status, busy.value.headers) == (503, {"Retry-After": "5"})

    while_all_are_busy(toy, tmp_path, refused)
    assert ask(toy, tmp_path)


def test_only_a_few_wait_in_person(toy: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "PATIENCE", 600)
    monkeypatch.setattr(warm, "_seats", threading.BoundedSemaphore(1))

    def refused() -> None:
        assert warm._seats.acquire(blocking=False)
        with pytest.raises(warm.Busy):
            ask(toy, tmp_path)
        warm._seats.release()

    while_all_are_busy(toy, tmp_path, refused)


def test_who_renews_a_lease_waits_and_hears_of_it(toy: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "PATIENCE", 0)
    monkeypatch.setattr(warm, "TICK", 0.01)
    heard = 0

    def listen(_event: object) -> None:
        nonlocal heard
        heard += 1
        if heard == 3:
            raise InterruptedError

    def wait() -> None:
        with pytest.raises(InterruptedError):
            ask(toy, tmp_path, listen)

    while_all_are_busy(toy, tmp_path, wait)
    assert heard == 3


def test_closing_ends_all_of_them(toy: Child, tmp_path: Path) -> None:
    pids: list[int] = []
    pids.append(ask(toy, tmp_path, lambda _event: pids.append(ask(toy, tmp_path))))
    assert len(set(pids)) == 2
    toy.close()
    until(lambda: all(dead(pid) for pid in pids))
