"""Starts and stops that hang: each has a deadline, after which whoever looks after it ends it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.servers import Postgres
from tests.work.house import House, on, until

BOUND = 25
"""Seconds that a stop may take whose grace time is one: the last resort comes after eleven."""


@on("sqlite", "redis")
def test_a_cluster_whose_start_hangs_is_killed_and_started_again(house: House) -> None:
    supervisor = house.start("--start-within", "1", FAULTS="cluster.starting:stop@1")
    assert house.ended(house.errand())["status"] == "completed"
    assert "The cluster of default did not start in 1 s and is killed" in house.log
    assert supervisor.poll() is None


@on("sqlite")
@pytest.mark.parametrize("action", ["raise", "kill9"])
def test_a_cluster_that_fails_while_it_starts_is_started_again(house: House, action: str) -> None:
    supervisor = house.start(FAULTS=f"cluster.starting:{action}@1")
    assert house.ended(house.errand())["status"] == "completed"
    assert "did not start in" not in house.log
    assert supervisor.poll() is None


@on("sqlite")
def test_clusters_that_never_start_do_not_keep_a_worker_from_stopping(house: House) -> None:
    supervisor = house.begin("--grace", "1", "--start-within", "60", FAULTS="cluster.starting:stop")
    until(lambda: "The cluster of default starts" in house.log)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(BOUND) == 0
    assert house.processes() == []


@on("sqlite")
@pytest.mark.parametrize("action", ["stop", "raise", "kill9"])
def test_a_cluster_that_hangs_or_fails_while_it_stops_is_ended(house: House, action: str) -> None:
    supervisor = house.start("--grace", "1", FAULTS=f"cluster.stopping:{action}")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(BOUND) == 0
    assert house.processes() == []


@on("sqlite")
def test_a_supervisor_whose_stop_hangs_ends_itself_and_all_of_its_processes(house: House) -> None:
    supervisor = house.start("--grace", "1", FAULTS="supervisor.stopping:sleep=600")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(BOUND) == 1
    until(lambda: house.processes() == [])
    assert "The stop took too long and is cut short" in house.log


@on("postgres")
def test_a_database_that_answers_nothing_does_not_keep_a_worker_from_stopping(
    house: House, tmp_path: Path, postgres: Postgres
) -> None:
    supervisor = house.start("--grace", "1", WORK_LEASE="2")
    errand = house.errand(do="wait", until=str(tmp_path / "go"))
    house.claimed(errand)
    with postgres.paused():
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(BOUND)
        until(lambda: house.processes() == [])
    (tmp_path / "go").touch()
    house.start("--reap-every", "0.5")
    assert house.ended(errand)["status"] == "completed"


@on("postgres")
def test_a_worker_that_waits_for_its_database_at_the_start_can_be_stopped(house: House, postgres: Postgres) -> None:
    with postgres.paused():
        supervisor = house.begin("--grace", "1")
        until(lambda: "Serving default" in house.log)
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(BOUND)
        until(lambda: house.processes() == [])
    house.start()
    assert house.ended(house.errand())["status"] == "completed"
