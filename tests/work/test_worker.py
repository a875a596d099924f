"""Real workers on a real queue: killed, stopped, started again, and everything goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.work.house import House, dead, on, until
from videoserver.work.sandbox import ROOT

CLUSTER = 6
"""Main, sentinel, pusher, monitor and two workers."""


def runs(log: Path) -> list[str]:
    """The attempts that were begun."""
    return [line.split()[1] for line in log.read_text().splitlines()]


def census(house: House) -> list[int]:
    """How many processes each session has: the supervisor's, and then each cluster's and each child's."""
    supervisor, *others = Counter(os.getsid(pid) for pid in house.processes()).items()
    return [supervisor[1], *(number for _, number in others)]


def test_an_errand_is_run_by_a_real_worker(house: House) -> None:
    house.start()
    errand = house.ended(house.errand())
    assert (errand["status"], errand["result"]) == ("completed", "attempt 1")
    assert not house.sql("SELECT * FROM django_q_task")
    until(lambda: not house.sql("SELECT * FROM django_q_ormq"))


def test_a_killed_workers_errand_goes_on_within_seconds(house: House, tmp_path: Path) -> None:
    house.start()
    errand = house.errand(do="wait", until=str(tmp_path / "go"), log=str(tmp_path / "runs"))
    worker = house.claimed(errand)
    until(lambda: (tmp_path / "runs").exists() and runs(tmp_path / "runs"))
    os.kill(worker, signal.SIGKILL)
    assert house.claimed(errand, attempt=2) != worker
    (tmp_path / "go").touch()
    assert house.ended(errand)["result"] == "attempt 2"
    assert runs(tmp_path / "runs") == ["1", "2"]


def test_poison_stops_after_three_attempts_and_its_neighbours_run(house: House, tmp_path: Path) -> None:
    """One kills its worker, one wants more memory than its child may have."""
    house.start("--reap-every", "0.5", RETRY_BACKOFF="0")
    poisons = {word: house.errand(do=word, log=str(tmp_path / word)) for word in ("die", "eat")}
    assert house.ended(house.errand())["status"] == "completed"
    for word, poison in poisons.items():
        errand = house.ended(poison)
        assert (errand["status"], errand["error_code"]) == ("failed", "attempts_exhausted")
        assert errand["error_detail"] == "Failed after 3 attempts"
        assert runs(tmp_path / word) == ["1", "2", "3"]
    assert house.ended(house.errand())["status"] == "completed"


def test_whatever_a_task_raises_or_returns_is_the_rows_affair(house: House, tmp_path: Path) -> None:
    house.environment |= {"MAX_RETRIES": "1", "RETRY_BACKOFF": "0", "WORK_LEASE": "2"}
    house.start("--reap-every", "0.5")
    odd = [house.errand(do=word, log=str(tmp_path / word)) for word in ("err", "leave", "exit", "run out of memory")]
    fine = [house.errand(do="return a lambda"), house.errand()]
    assert {house.ended(errand)["status"] for errand in fine} == {"completed"}
    assert {house.ended(errand)["error_code"] for errand in odd} == {"attempts_exhausted"}
    for word in ("err", "leave", "exit", "run out of memory"):
        assert runs(tmp_path / word) == ["1", "2"]
    until(lambda: house.bells() == 0)
    assert "reincarnated" not in house.log, "no worker dies of it"


def test_a_row_that_is_rung_many_times_is_run_once(house: House, tmp_path: Path) -> None:
    house.start()
    errand = house.errand(log=str(tmp_path / "runs"), bells=20)
    ended = house.ended(errand)
    until(lambda: house.bells() == 0)
    house.ring(errand, bells=3)
    until(lambda: house.bells() == 0)
    house.ended(house.errand())
    assert house.read(errand) == ended
    assert runs(tmp_path / "runs") == ["1"]


def test_a_stop_hands_the_running_errand_back_and_leaves_nobody(house: House, tmp_path: Path) -> None:
    supervisor = house.start()
    errand = house.errand(do="wait", until=str(tmp_path / "go"))
    house.claimed(errand)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(15) == 0
    row = house.read(errand)
    assert (row["status"], row["attempt"], row["lease_until"]) == ("queued", 0, None)
    assert house.processes() == []
    assert not house.sql("SELECT * FROM work_worker")
    (tmp_path / "go").touch()
    house.start()
    assert house.ended(errand)["result"] == "attempt 1"


def test_a_stop_is_bounded_even_when_a_worker_does_not_listen(house: House, tmp_path: Path) -> None:
    supervisor = house.start("--grace", "1")
    errand = house.errand(do="wait", until=str(tmp_path / "go"))
    os.kill(house.claimed(errand), signal.SIGSTOP)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(10) == 0
    assert (house.read(errand)["status"], house.read(errand)["attempt"]) == ("queued", 0)
    assert house.processes() == []


def test_a_signal_to_everybody_at_once_ends_cleanly_too(house: House, tmp_path: Path) -> None:
    supervisor = house.start()
    errand = house.errand(do="wait", until=str(tmp_path / "go"))
    house.claimed(errand)
    for pid in house.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    assert supervisor.wait(15) == 0
    assert (house.read(errand)["status"], house.read(errand)["claimed_by"]) == ("queued", "")
    assert house.processes() == []


def test_nobody_outlives_a_killed_supervisor_and_the_next_goes_on_at_once(house: House, tmp_path: Path) -> None:
    supervisor = house.start()
    errand = house.errand(do="child", pids=str(tmp_path / "pids"))
    house.claimed(errand)
    until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text())
    child, grandchild = (int(word) for word in (tmp_path / "pids").read_text().split())
    before = house.processes()
    assert len(before) >= 6
    supervisor.kill()
    until(lambda: house.processes() == [] and dead(child), 10)
    if psutil.pid_exists(grandchild):
        os.kill(grandchild, signal.SIGKILL)
    house.start()
    assert not dead(house.claimed(errand, attempt=2))
    until(lambda: census(house)[:2] == [1, CLUSTER])


@pytest.mark.parametrize("victim", ["main", "sentinel"])
def test_a_cluster_whose_head_is_killed_is_started_again(house: House, tmp_path: Path, victim: str) -> None:
    house.start()
    errand = house.errand(do="wait", until=str(tmp_path / "go"))
    old = psutil.Process(house.claimed(errand)).parents()
    head = {"sentinel": old[0], "main": old[1]}[victim]
    before = house.processes()
    os.kill(head.pid, signal.SIGKILL)
    until(lambda: all(dead(pid) for pid in before if pid != old[2].pid))
    house.claimed(errand, attempt=2)
    until(lambda: census(house) == [1, CLUSTER])
    (tmp_path / "go").touch()
    assert house.ended(errand)["result"] == "attempt 2"


def test_a_silent_cluster_is_noticed_and_started_again(house: House) -> None:
    supervisor = house.start("--patience", "2", WORKERS="1")
    main = int(house.sql("SELECT main FROM work_worker")[0]["main"].split(":")[1])
    # An idle worker dies with the lock of its queue: django-q2 replaces it, and nobody ever gets a task again.
    idle = next(int(line.split()[-1]) for line in house.log.splitlines() if "ready for work" in line)
    os.kill(idle, signal.SIGKILL)
    until(lambda: dead(main))
    assert house.ended(house.errand())["status"] == "completed"
    assert supervisor.poll() is None and "answers no more" in house.log


def test_a_child_of_a_killed_worker_ends_with_all_that_it_started(house: House, tmp_path: Path) -> None:
    house.start()
    errand = house.errand(do="child", pids=str(tmp_path / "pids"), **{"2": {"do": "nothing"}})
    worker = house.claimed(errand)
    until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text())
    pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
    os.kill(worker, signal.SIGKILL)
    assert house.ended(errand)["status"] == "completed"
    until(lambda: all(dead(pid) for pid in pids), 15)


@on("sqlite")
def test_one_cluster_can_run_alone(house: House) -> None:
    house.start("--cluster", "render")
    assert [row["queue"] for row in house.sql("SELECT queue FROM work_worker")] == ["render"]


@on("sqlite")
def test_a_worker_of_a_cluster_refuses_a_name_that_none_can_have(house: House) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "worker", "--cluster", "a farm"],
        cwd=ROOT,
        env=house.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "--cluster must be a name of letters" in done.stderr


def test_several_named_workers_serve_one_queue(house: House) -> None:
    for worker in [house.begin(WORKER_NAME=name, WORKERS="1") for name in ("blue", "green")]:
        house.answered(worker)
    assert {row["name"] for row in house.sql("SELECT name FROM work_worker")} == {"blue", "green"}
    errands = [house.errand() for _ in range(4)]
    assert {house.ended(errand)["status"] for errand in errands} == {"completed"}


def test_a_long_errand_does_not_block_another_queue(house: House, tmp_path: Path) -> None:
    """All workers of one queue are taken; the others answer at once."""
    house.start("--patience", "2", WORKER_QUEUES="default,media_import", WORKERS="1")
    film = house.errand(do="wait", until=str(tmp_path / "go"))
    house.claimed(film)
    canary = "SELECT canary_at FROM work_worker WHERE queue = 'media_import'"
    before = house.sql(canary)[0]["canary_at"]
    until(lambda: house.sql(canary)[0]["canary_at"] != before)
    assert not house.read(film)["finished_at"]
    (tmp_path / "go").touch()
    assert house.ended(film)["status"] == "completed"


@on("sqlite")
def test_requeue_stale_says_what_it_did(house: House) -> None:
    errand = house.errand()
    house.sql("UPDATE errands_errand SET rung_at = NULL WHERE id = ?", errand)
    assert "1 rung" in house.manage("requeue_stale")
    assert "0 rung" in house.manage("requeue_stale")
