"""Workers that sleep through their lease, and workers whose clock is wrong: nobody else is harmed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.services import lacking
from tests.work.house import House, dead, on, until

NOTHING = {"2": {"do": "nothing"}}
CLOCKS = {"behind": "-10m", "ahead": "+10m"}


def test_a_worker_that_slept_through_its_lease_may_not_end_the_row(house: House) -> None:
    house.start("--reap-every", "0.5", WORK_LEASE="2")
    errand = house.errand(do="freeze", **NOTHING)
    zombie = house.claimed(errand)
    ended = house.ended(errand)
    assert ended["result"] == "attempt 2"
    os.kill(zombie, signal.SIGCONT)
    until(lambda: "LeaseLost" in house.log)
    assert house.read(errand) == ended
    assert not dead(zombie), "it goes on as a worker"


def test_the_child_of_a_worker_that_slept_through_its_lease_is_killed(house: House, tmp_path: Path) -> None:
    house.start("--reap-every", "0.5", WORK_LEASE="2")
    errand = house.errand(do="child", freezes=True, pids=str(tmp_path / "pids"), **NOTHING)
    zombie = house.claimed(errand)
    ended = house.ended(errand)
    assert ended["result"] == "attempt 2"
    children = [int(word) for word in (tmp_path / "pids").read_text().split()]
    assert not any(dead(pid) for pid in children), "nobody could tell it yet"
    os.kill(zombie, signal.SIGCONT)
    until(lambda: all(dead(pid) for pid in children))
    until(lambda: "LeaseLost" in house.log)
    assert house.read(errand) == ended
    assert not list((house.data / "workspaces").iterdir())


@pytest.fixture
def clock(tmp_path: Path) -> Callable[[str, str], dict[str, str]]:
    """`clock("ahead", "+10m")` is the environment of a machine whose clock is wrong; again, and the clock jumps."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        lacking("faketime")

    def turn(name: str, error: str) -> dict[str, str]:
        (tmp_path / f"{name}.draft").write_text(f"{error}\n")
        (tmp_path / f"{name}.draft").rename(tmp_path / f"{name}.clock")
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(tmp_path / f"{name}.clock"),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "WORKER_NAME": name,
        }

    return turn


@on("postgres")
def test_clocks_that_are_wrong_neither_end_a_lease_early_nor_run_a_row_twice(
    house: House, tmp_path: Path, clock: Callable[[str, str], dict[str, str]]
) -> None:
    """The database's clock rules. One is ten minutes ahead, one behind, and one of them jumps back an hour."""
    house.environment |= {"WORKERS": "1", "WORK_LEASE": "3"}
    # A busy worker keeps up to two bells for later: there are enough for all three.
    orders = {"do": "wait", "until": str(tmp_path / "go"), "log": str(tmp_path / "runs"), "bells": 4}
    held = [house.errand(**orders) for _ in range(3)]
    wrong = [clock(name, error) for name, error in CLOCKS.items()]
    workers = [house.begin("--reap-every", "0.5", "--patience", "4", **each) for each in (*wrong, {})]
    holders = {house.claimed(errand) for errand in held}
    assert len(holders) == 3
    began = leases(house)
    clock("ahead", "-50m")
    until(lambda: all(later != first for later, first in zip(leases(house), began, strict=True)))
    renewed = leases(house)
    until(lambda: all(later != first for later, first in zip(leases(house), renewed, strict=True)))
    until(lambda: not house.sql("SELECT 1 WHERE now() < ?::timestamptz", max(began)))
    (tmp_path / "go").touch()
    assert {house.ended(errand)["result"] for errand in held} == {"attempt 1"}
    assert len((tmp_path / "runs").read_text().splitlines()) == 3
    assert {house.ended(house.errand())["result"] for _ in range(6)} == {"attempt 1"}
    assert all(worker.poll() is None for worker in workers)


def leases(house: House) -> list[datetime]:
    """Until when each errand is held."""
    return [row["lease_until"] for row in house.sql("SELECT lease_until FROM errands_errand ORDER BY id")]
