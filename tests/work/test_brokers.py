"""Queues that forget, die, or refuse: no row is lost, because the queue is only a doorbell."""

from __future__ import annotations

import shutil
import signal
import time

import redis

from tests.servers import Redis
from tests.work.house import House, on, until

SOON = ("--reap-every", "0.5", "--patience", "8")
SOME = 20


def all_end(house: House, errands: list[str]) -> None:
    """Each ends well, at its first attempt."""
    assert {house.ended(errand, 60)["result"] for errand in errands} == {"attempt 1"}


@on("redis")
def test_a_queue_that_is_emptied_is_filled_again(house: House, redis_server: Redis) -> None:
    """Whether there is a worker at that moment or not."""
    errands = [house.errand() for _ in range(SOME)]
    flush(redis_server)
    house.start(*SOON)
    errands += [house.errand() for _ in range(SOME)]
    flush(redis_server)
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
    assert redis_server.process
    redis_server.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        errand = house.errand()
        assert time.monotonic() - began < 8
        assert "Could not ring for" in house.order_log
    finally:
        redis_server.process.send_signal(signal.SIGCONT)
    all_end(house, [errand, house.errand()])
    assert supervisor.poll() is None


@on("redis")
def test_a_broker_that_refuses_the_password_only_delays(house: House, redis_server: Redis) -> None:
    supervisor = house.start(*SOON)
    with redis.from_url(redis_server.url) as operator:
        operator.config_set("requirepass", "another one")
        operator.client_kill_filter(_type="normal", skipme=True)
        errands = [house.errand() for _ in range(SOME)]
        assert "Could not ring for" in house.order_log
        until(lambda: "Could not ring for" in house.log)
        assert not any(house.read(errand)["attempt"] for errand in errands)
        operator.config_set("requirepass", "")
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


def flush(server: Redis) -> None:
    """Forget all that it holds."""
    with redis.from_url(server.url) as client:
        client.flushall()
