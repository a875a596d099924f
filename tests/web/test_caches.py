"""A cache of what can be made again: while Redis is away it holds nothing and keeps nothing, and nobody is told off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis.exceptions import RedisError

from tests.servers import Redis
from tests.services import wait_until
from videoserver.web import caches

CALLS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "get": (lambda cache: cache.get("a", "nothing"), "nothing"),
    "set": (lambda cache: cache.set("a", b"picture", 60), None),
    "add": (lambda cache: cache.add("a", b"picture", 60), False),
    "touch": (lambda cache: cache.touch("a", 60), False),
    "delete": (lambda cache: cache.delete("a"), False),
    "has_key": (lambda cache: "a" in cache, False),
    "get_many": (lambda cache: cache.get_many(["a", "b"]), {}),
    "set_many": (lambda cache: cache.set_many({"a": 1}), ["a"]),
    "delete_many": (lambda cache: cache.delete_many(["a"]), None),
    "get_or_set": (lambda cache: cache.get_or_set("a", "made anew"), "made anew"),
    "clear": (lambda cache: cache.clear(), None),
}


@pytest.fixture
def pictures(redis_server: Redis) -> Iterator[caches.Pictures]:
    cache = caches.Pictures(redis_server.url, {})
    # What another test of this process found is remembered for two seconds.
    wait_until(lambda: cache.add("ready", 1) or "ready" in cache, "Redis")
    yield cache
    redis_server.ensure()


def test_it_keeps_what_it_is_given(pictures: caches.Pictures) -> None:
    pictures.set("a", b"picture", 60)
    assert pictures.get("a") == b"picture" and "a" in pictures
    assert pictures.set_many({"b": 1, "c": 2}) == []
    assert pictures.get_many(["b", "c", "d"]) == {"b": 1, "c": 2}
    assert pictures.delete("a") and pictures.get("a") is None


@pytest.mark.parametrize("call", CALLS)
def test_without_redis_no_call_fails(pictures: caches.Pictures, redis_server: Redis, call: str) -> None:
    redis_server.stop()
    deed, answer = CALLS[call]
    assert deed(pictures) == answer


def test_a_counter_says_that_it_cannot_count(pictures: caches.Pictures, redis_server: Redis) -> None:
    counters = caches.Counters(redis_server.url, {})
    assert counters.add("count", 1, 60)
    redis_server.stop()
    with pytest.raises(RedisError):
        counters.incr("count", 1)
