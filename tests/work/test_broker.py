"""The client of Redis that gives up in time."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import redis

from tests.servers import Redis
from videoserver.work import broker


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(broker, "time", made)
    return made


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port where connections are neither accepted nor refused: the queue of those that wait is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        yield server.getsockname()[1]
        for one in waiting:
            one.close()


def test_one_caller_at_a_time_finds_out_whether_it_is_back(clock: Clock) -> None:
    breaker = broker.Breaker()
    for _ in range(3):
        breaker.enter()
    breaker.leave(redis.ConnectionError("refused"))
    with pytest.raises(broker.Away, match="refused"):
        breaker.enter()
    clock.now += broker.REST
    breaker.enter()
    clock.now += 3600  # however long the answer takes, a name's look-up say
    with pytest.raises(broker.Away):
        breaker.enter()
    breaker.leave(redis.TimeoutError("hangs"))
    with pytest.raises(broker.Away, match="hangs"):
        breaker.enter()
    clock.now += broker.REST
    breaker.enter()
    breaker.leave(None)
    for _ in range(3):
        breaker.enter()


def test_an_address_that_swallows_everything_is_given_up(black_hole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "_breaker", broker.Breaker())
    client = broker.Client.from_url(f"redis://127.0.0.1:{black_hole}/0", **broker.OPTIONS)
    with pytest.raises(redis.TimeoutError, match="connecting"):
        client.ping()
    with pytest.raises(broker.Away):
        client.ping()


def test_a_connection_that_died_unseen_is_made_anew(redis_server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "_breaker", broker.Breaker())
    client = broker.Client.from_url(redis_server.url, **broker.OPTIONS)
    assert client.set("a", 1)
    redis_server.stop()
    redis_server.start()
    assert client.set("a", 2)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://:hidden@db.example.org:6379/1", "redis://db.example.org:6379/1"),
        ("rediss://user:password@[::1]:6380/0?ssl_check_hostname=false", "rediss://[::1]:6380/0"),
    ],
)
def test_its_address_is_told_without_its_password(url: str, address: str, settings: object) -> None:
    settings.BROKER_URL = url  # type: ignore[attr-defined]
    assert broker.address() == address


@pytest.mark.parametrize(
    ("error", "phrase"),
    [
        (redis.ConnectionError("refused"), "does not answer"),
        (redis.TimeoutError("hangs"), "does not answer"),
        (OSError("no route"), "does not answer"),
        (redis.BusyLoadingError("loading"), "does not answer"),
        (redis.AuthenticationError("WRONGPASS"), "refuses the password"),
        (redis.exceptions.NoPermissionError("NOPERM"), "refuses this user's commands"),
        (redis.exceptions.OutOfMemoryError("OOM"), "answers, but takes nothing"),
        (redis.ReadOnlyError("READONLY"), "answers, but takes nothing"),
        (broker.Away(redis.AuthenticationError("NOAUTH")), "refuses the password"),
    ],
)
def test_each_error_has_a_phrase_and_a_cure(error: Exception, phrase: str) -> None:
    found = broker.trouble(error)
    assert found.phrase == phrase
    assert found.cure.endswith(broker.MEANWHILE) and len(found.cure) > len(broker.MEANWHILE) + 20


def test_nothing_is_judged_until_the_pushers_listen_again(
    clock: Clock, redis_server: Redis, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    monkeypatch.setattr(broker, "_breaker", broker.Breaker())
    settings.BROKER_URL = redis_server.url  # type: ignore[attr-defined]
    seen = broker.Continuity()
    assert seen.since() == seen.since() == 0.0
    redis_server.stop()
    redis_server.start()  # a restart that nobody saw
    assert seen.since() == clock.now + broker.PUSHER_PAUSE
    redis_server.stop()
    assert seen.since() > clock.now + 10**6, "away"
    redis_server.start()
    clock.now += broker.REST
    assert seen.since() == clock.now + broker.PUSHER_PAUSE
    before = clock.now
    clock.now += 100
    assert seen.since() == before + broker.PUSHER_PAUSE
    seen.broken()
    assert seen.since() == clock.now + broker.PUSHER_PAUSE
