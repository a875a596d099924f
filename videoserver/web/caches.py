"""Caches in Redis with an end to their patience; see `videoserver.work.broker`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends import redis
from redis.exceptions import RedisError

from videoserver.work import broker, seldom

logger = logging.getLogger(__name__)
T = TypeVar("T")


class _CacheClient(redis.RedisCacheClient):
    def __init__(self, servers: Any, **options: Any) -> None:
        super().__init__(servers, **(broker.OPTIONS | options))
        self._client = broker.Client


class Counters(redis.RedisCache):
    """Says when it cannot count: raises RedisError or OSError, soon."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _CacheClient


class Pictures(Counters):
    """For what can be made again: one that cannot be read holds nothing, one that cannot be written keeps nothing."""

    def add(self, *args: Any, **options: Any) -> bool:
        return self._softly(super().add, False, *args, **options)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._softly(super().get, default, key, default, version)

    def set(self, *args: Any, **options: Any) -> None:
        self._softly(super().set, None, *args, **options)

    def touch(self, *args: Any, **options: Any) -> bool:
        return self._softly(super().touch, False, *args, **options)

    def delete(self, *args: Any, **options: Any) -> bool:
        return self._softly(super().delete, False, *args, **options)

    def get_many(self, *args: Any, **options: Any) -> dict[Any, Any]:
        return self._softly(super().get_many, {}, *args, **options)

    def has_key(self, *args: Any, **options: Any) -> bool:
        return self._softly(super().has_key, False, *args, **options)

    def set_many(self, data: dict[Any, Any], *args: Any, **options: Any) -> list[Any]:
        return self._softly(super().set_many, list(data), data, *args, **options)

    def delete_many(self, *args: Any, **options: Any) -> None:
        self._softly(super().delete_many, None, *args, **options)

    def clear(self) -> None:
        self._softly(super().clear, None)

    def _softly(self, deed: Callable[..., T], otherwise: T, *args: Any, **options: Any) -> T:
        try:
            return deed(*args, **options)
        except (RedisError, OSError) as error:
            seldom.warn(logger, "cache", "The cache is not used: Redis %s (%s)", broker.trouble(error).phrase, error)
            return otherwise
