"""Child processes: what they may use, what they see, and that none outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from videoserver.work import sandbox
from videoserver.work.process import start_time
from videoserver.work.sandbox import Child, ChildFailed, Limits

TOY = "tests.work.toy"


@pytest.fixture
def toy() -> Iterator[Child]:
    child = Child(TOY)
    yield child
    child.close()


def until(truth: Callable[[], object], seconds: float = 15) -> None:
    """Wait for something to become true, in short steps."""
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.02)


def dead(pid: int) -> bool:
    return not start_time(pid)


def pids_in(file: Path) -> list[int]:
    until(lambda: file.exists() and len(file.read_text().split()) == 2)
    return [int(word) for word in file.read_text().split()]


def test_a_request_is_answered_and_its_progress_told(toy: Child, tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    result = toy.request({"do": "echo", "say": "Grüße"}, folder=tmp_path, on_event=events.append)
    assert result["said"] == "Grüße"
    assert {"event": "progress", "done": 1} in events


def test_a_warm_child_answers_many_requests_and_a_dead_one_is_replaced(toy: Child, tmp_path: Path) -> None:
    pids = [toy.request({"do": "echo", "say": ""}, folder=tmp_path)["pid"] for _ in range(3)]
    assert len(set(pids)) == 1
    os.kill(pids[0], signal.SIGKILL)
    until(lambda: dead(pids[0]))
    assert toy.request({"do": "echo", "say": ""}, folder=tmp_path)["pid"] != pids[0]


def test_a_large_request_passes(toy: Child, tmp_path: Path) -> None:
    said = "x" * 3_000_000
    assert toy.request({"do": "echo", "say": said}, folder=tmp_path)["said"] == said


def test_the_child_sees_a_clean_environment(toy: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a secret")
    monkeypatch.setenv("REPLICATE_API_TOKEN", "a token")
    seen = toy.request({"do": "environment"}, folder=tmp_path)
    assert {name for name in seen if not name.startswith("LC_")} <= {"PATH", "LANG", "HOME", "PYTHONPATH"}
    assert seen["HOME"] == "/nonexistent"


def test_an_error_keeps_its_code_and_the_child_lives_on(toy: Child, tmp_path: Path) -> None:
    with pytest.raises(ChildFailed) as failed:
        toy.request({"do": "refuse"}, folder=tmp_path)
    assert (failed.value.code, failed.value.detail, failed.value.permanent) == ("refused", "I would rather not.", True)
    pid = toy.pid
    with pytest.raises(ChildFailed) as failed:
        toy.request({"do": "crash"}, folder=tmp_path)
    assert (failed.value.code, failed.value.detail) == ("internal_error", "ValueError: odd")
    assert not failed.value.permanent
    assert toy.pid == pid


def test_a_death_is_told_with_the_last_words(toy: Child, tmp_path: Path) -> None:
    with pytest.raises(ChildFailed) as failed:
        toy.request({"do": "die"}, folder=tmp_path)
    assert failed.value.code == "child_died" and not failed.value.permanent
    assert "status 3" in failed.value.detail and "my last words" in failed.value.detail


def test_the_memory_limit_holds(tmp_path: Path) -> None:
    child = Child(TOY, limits=Limits(memory_bytes=300 * 1024**2))
    try:
        assert child.request({"do": "eat", "bytes": 1024**2}, folder=tmp_path) == {"eaten": 1024**2}
        with pytest.raises(ChildFailed, match="MemoryError"):
            child.request({"do": "eat", "bytes": 600 * 1024**2}, folder=tmp_path)
    finally:
        child.close()


def test_the_file_size_and_cpu_limits_hold(tmp_path: Path) -> None:
    child = Child(TOY, limits=Limits(file_bytes=1000, cpu_seconds=1))
    try:
        with pytest.raises(ChildFailed, match="OSError"):
            child.request({"do": "write", "to": str(tmp_path / "big"), "bytes": 2000}, folder=tmp_path)
        with pytest.raises(ChildFailed, match="SIGXCPU"):
            child.request({"do": "spin"}, folder=tmp_path)
    finally:
        child.close()


@pytest.mark.parametrize(("stall", "deadline", "report"), [(1, None, False), (60, 1, True)])
def test_a_stall_or_a_passed_deadline_kills_the_whole_group(
    toy: Child, tmp_path: Path, stall: float, deadline: float | None, report: bool
) -> None:
    order = {"do": "sleep", "pids": str(tmp_path / "pids"), "report": report}
    toy.request({"do": "echo", "say": ""}, folder=tmp_path)
    with pytest.raises(ChildFailed) as failed:
        toy.request(order, folder=tmp_path, stall=stall, deadline=deadline)
    assert (failed.value.code, failed.value.detail) == ("render_timeout", "Video rendering timeout")
    until(lambda: all(dead(pid) for pid in pids_in(tmp_path / "pids")))


def test_what_on_event_raises_kills_the_group_and_comes_out(toy: Child, tmp_path: Path) -> None:
    def cancel(event: dict[str, Any]) -> None:
        if (tmp_path / "pids").exists():
            assert event == {"event": "tick"}
            raise InterruptedError("canceled")

    with pytest.raises(InterruptedError, match="canceled"):
        toy.request({"do": "sleep", "pids": str(tmp_path / "pids")}, folder=tmp_path, on_event=cancel)
    assert toy.pid is None
    until(lambda: all(dead(pid) for pid in pids_in(tmp_path / "pids")))


def test_a_child_outlives_the_thread_that_asked(toy: Child, tmp_path: Path) -> None:
    asker = threading.Thread(target=toy.request, args=({"do": "echo", "say": ""},), kwargs={"folder": tmp_path})
    asker.start()
    asker.join()
    assert toy.pid and toy.request({"do": "echo", "say": ""}, folder=tmp_path)["pid"] == toy.pid


def test_no_child_outlives_a_killed_parent(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = f"""
from pathlib import Path
from videoserver.work.sandbox import Child
Child({TOY!r}).request({{"do": "sleep", "pids": {str(pids)!r}}}, folder=Path({str(tmp_path)!r}))
"""
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=sandbox.ROOT)
    child, grandchild = pids_in(pids)
    parent.kill()
    parent.wait()
    until(lambda: dead(child))
    # No kernel takes the grandchild along; a worker's supervisor adopts it and ends it.
    if psutil.pid_exists(grandchild):
        os.kill(grandchild, signal.SIGKILL)


def test_a_child_ends_when_its_input_closes(toy: Child, tmp_path: Path) -> None:
    toy.request({"do": "echo", "say": ""}, folder=tmp_path)
    pid = toy.pid
    assert pid and toy._process and toy._process.stdin
    toy._process.stdin.close()
    until(lambda: dead(pid))
