"""Queues that forget, die, or refuse: no row is lost, because the queue is only a doorbell."""

from __future__ import annotations

import os
import shutil
import signal
import time

import psutil
import pytest

from tests.servers import Redis
from tests.work.house import House, dead, on, until

SOON = ("--reap-every", "0.5", "--patience", "8")
SOME = 20


def all_end(house: House, errands: list[str]) -> None:
    """Each ends well, at its first attempt."""
    assert {house.ended(errand, 60)["result"] for errand in errands} == {"attempt 1"}


@on("redis")
def test_a_queue_that_is_emptied_is_filled_again(house: House, redis_server: Redis) -> None:
    """Whether there is a worker at that moment or not."""
    errands = [house.errand() for _ in range(SOME)]
    redis_server.flush()
    house.start(*SOON)
    errands += [house.errand() for _ in range(SOME)]
    redis_server.flush()
    all_end(house, errands)


@on("redis")
def test_a_broker_that_comes_back_without_its_data_loses_nothing(house: House, redis_server: Redis) -> None:
    """Nor does ordering fail while it is away."""
    supervisor = house.start(*SOON)
    errands = [house.errand() for _ in range(SOME)]
    redis_server.stop()
    began = time.monotonic()
    errands += [house.errand() for _ in range(SOME)]
    assert time.monotonic() - began < 5, "nobody waits for a broker that is down"
    assert "Could not ring for" in house.order_log
    shutil.rmtree(redis_server.folder / "appendonlydir")
    redis_server.start()
    all_end(house, [*errands, house.errand()])
    assert supervisor.poll() is None


@on("redis")
def test_a_broker_that_hangs_holds_up_orders_for_seconds_only(house: House, redis_server: Redis) -> None:
    supervisor = house.start(*SOON)
    redis_server.pause()
    try:
        began = time.monotonic()
        errand = house.errand()
        assert time.monotonic() - began < 8
        assert "Could not ring for" in house.order_log
    finally:
        redis_server.resume()
    all_end(house, [errand, house.errand()])
    assert supervisor.poll() is None


@on("redis")
def test_a_broker_that_refuses_the_password_only_delays(house: House, redis_server: Redis) -> None:
    supervisor = house.start(*SOON)
    redis_server.set_password("another one")
    errands = [house.errand() for _ in range(SOME)]
    assert "Could not ring for" in house.order_log
    until(lambda: "Could not ring for" in house.log)
    assert not any(house.read(errand)["attempt"] for errand in errands)
    redis_server.set_password("")
    all_end(house, errands)
    assert supervisor.poll() is None


def test_bells_signed_with_another_secret_key_are_rung_again(house: House) -> None:
    """Those that wait when the worker starts, and those that one who still has the old key rings."""
    errands = [house.errand() for _ in range(SOME)]
    house.start(*SOON, SECRET_KEY="the new one")
    errands += [house.errand() for _ in range(SOME)]
    all_end(house, errands)
    assert "BadSignature" in house.log
    until(lambda: house.bells() == 0)


@on("redis")
@pytest.mark.parametrize("fault", ["stopped", "paused", "another password"])
def test_no_healthy_cluster_is_killed_while_the_broker_is_away(house: House, redis_server: Redis, fault: str) -> None:
    """However long that is: nobody can answer a canary that was lost, or was never sent."""
    house.start("--reap-every", "0.5", "--patience", "2")
    main = house.sql("SELECT main FROM work_worker")[0]["main"]
    if fault == "stopped":
        redis_server.stop()
    elif fault == "paused":
        redis_server.pause()
    else:
        redis_server.set_password("another one")
    errand = house.errand()
    beats = "SELECT beat_at FROM work_worker"
    before = house.sql(beats)[0]["beat_at"]
    until(lambda: house.sql(beats)[0]["beat_at"] != before)  # 10 s, five times the patience
    redis_server.ensure()
    assert house.ended(errand, 60)["status"] == "completed"
    assert house.sql("SELECT main FROM work_worker")[0]["main"] == main
    assert "is started again" not in house.log


@on("redis")
def test_a_worker_that_starts_without_its_broker_waits_for_it(house: House, redis_server: Redis) -> None:
    redis_server.stop()
    worker = house.begin("--reap-every", "0.5")
    until(lambda: "The queue django_q:default:q cannot be read and is tried again" in house.log, 60)
    errand = house.errand()
    redis_server.start()
    assert house.ended(errand, 60)["status"] == "completed"
    assert worker.poll() is None
    assert "ended with status" not in house.log and "Traceback" not in house.log
    assert house.log.count("cannot be read") == 1, "once a minute"


@on("redis")
def test_a_canary_that_was_lost_is_sent_again_before_its_cluster_is_judged(house: House, redis_server: Redis) -> None:
    house.start("--reap-every", "0.5", "--patience", "8")
    main = house.sql("SELECT main FROM work_worker")[0]["main"]
    pusher = psutil.Process(next(int(line.split()[-1]) for line in house.log.splitlines() if "pushing tasks" in line))
    pusher.suspend()
    until(lambda: house.bells() > 0)
    before = house.sql("SELECT canary_at FROM work_worker")[0]["canary_at"]
    redis_server.flush()
    pusher.resume()
    until(lambda: house.sql("SELECT canary_at FROM work_worker")[0]["canary_at"] != before)
    assert house.sql("SELECT main FROM work_worker")[0]["main"] == main
    assert "is started again" not in house.log


@on("redis")
def test_a_cluster_that_is_silent_for_itself_is_killed_also_after_the_broker_was_away(
    house: House, redis_server: Redis
) -> None:
    house.start("--patience", "2", WORKERS="1")
    main = int(house.sql("SELECT main FROM work_worker")[0]["main"].split(":")[1])
    redis_server.stop()
    until(lambda: "Could not ring for" in house.log)
    os.kill(main, signal.SIGSTOP)
    for child in psutil.Process(main).children(recursive=True):
        child.suspend()
    redis_server.start()
    until(lambda: dead(main), 60)
    assert "answers no more and is started again" in house.log
    assert house.ended(house.errand())["status"] == "completed"
