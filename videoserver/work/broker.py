"""The Redis server that `BROKER_URL` names. It carries wake-ups, counters and pictures, and the API does without it.

Every client of ours waits half a second at most. Once the server did not answer it is left alone for two seconds, then
one caller tries again: while it is away nobody else waits. The pusher of a django-q2 cluster has a client of its own,
because it waits a second for each message.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, RedisError, ResponseError
from redis.retry import Retry

SECONDS = 0.5
"""For a connection, and for an answer. A server on the same network answers within a millisecond."""
REST = 2.0
PUSHER_PAUSE = 15.0
"""How long a queue may be silent after the broker was away. A pusher notices within 5 s (redis-py's own timeout) that
nobody answers it any more, and tries again each second; with the database as broker django-q2's sleeps for 10 s."""
UNREACHABLE = (redis.ConnectionError, redis.TimeoutError, OSError)
OPTIONS: dict[str, Any] = {
    "socket_timeout": SECONDS,
    "socket_connect_timeout": SECONDS,
    # A kept connection may have died unseen: once more with a new one, but never a second wait.
    "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
}


class Away(redis.ConnectionError):
    """The broker did not answer a moment ago, and is not asked again yet."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Breaker:
    """Remembers that a server does not answer, and lets one caller at a time find out whether it does again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: Exception | None = None
        self._not_before = 0.0

    def enter(self) -> None:
        """Before the server is asked. Raises Away."""
        with self._lock:
            if self._reason is None:
                return
            if time.monotonic() < self._not_before:
                raise Away(self._reason)
            # The others pass by until this caller knows: a name that cannot be resolved takes longer than SECONDS.
            self._not_before = math.inf

    def leave(self, error: Exception | None) -> None:
        """After the server was asked: with what went wrong, or that it answered."""
        with self._lock:
            self._reason = error
            self._not_before = time.monotonic() + REST


_breaker = Breaker()


class Client(redis.Redis):
    """A client that gives up in time, and at once while the server is known to be away."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Raises RedisError or OSError; Away without asking."""
        _breaker.enter()
        trouble: Exception | None = None
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except UNREACHABLE as error:
            trouble = error
            raise
        finally:
            _breaker.leave(trouble)


def client() -> Client:
    """The one of this process."""
    return _client(settings.BROKER_URL)


@lru_cache(maxsize=4)
def _client(url: str) -> Client:
    made: Client = Client.from_url(url, **OPTIONS)  # type: ignore[assignment]
    return made


def address() -> str:
    """Of the server, without its password."""
    parts = urlsplit(settings.BROKER_URL)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def check() -> None:
    """Write to the server: one that is full, or a replica, answers and takes nothing. Raises RedisError, OSError."""
    if settings.BROKER_URL:
        client().set("videoserver:health", 1, ex=60)


@dataclass(frozen=True)
class Trouble:
    """What is wrong with the broker: a phrase for anybody, and what to do about it."""

    phrase: str
    cure: str
    reason: str


MEANWHILE = "Orders are accepted meanwhile and run when it is back."


def trouble(error: Exception) -> Trouble:
    """What an error of the client means."""
    reason = error.reason if isinstance(error, Away) else error
    if isinstance(reason, AuthenticationError | AuthorizationError):
        cure = "Put the password that Redis asks for into BROKER_URL (redis://:PASSWORD@HOST:PORT/0), then restart."
        return Trouble("refuses the password", f"{cure} {MEANWHILE}", str(reason))
    if isinstance(reason, NoPermissionError):
        cure = "Allow the user that BROKER_URL names to read and write every key (Redis ACL: ~* +@all)."
        return Trouble("refuses this user's commands", f"{cure} {MEANWHILE}", str(reason))
    if isinstance(reason, ResponseError):
        cure = "Its message says why: free memory or disk there, or let BROKER_URL name the primary."
        return Trouble("answers, but takes nothing", f"{cure} {MEANWHILE}", str(reason))
    cure = "Start Redis there, or correct BROKER_URL and restart."
    return Trouble("does not answer", f"{cure} {MEANWHILE}", str(reason))


class Continuity:
    """Since when the broker can have lost nothing that was sent to it, as far as this process has looked."""

    def __init__(self) -> None:
        self._server = ""
        self._since = 0.0

    def since(self) -> float:
        """A time of the monotonic clock: in the future while it is away, and until the pushers listen again."""
        try:
            server = _server_run()
        except (RedisError, OSError):
            return self.broken()
        if server != self._server:
            # At first sight nothing is known to be lost.
            self._since = time.monotonic() + PUSHER_PAUSE if self._server or self._since else 0.0
            self._server = server
        return self._since

    def broken(self) -> float:
        """It was seen that something is away; since never, until it is asked again."""
        self._server, self._since = "", math.inf
        return self._since


def _server_run() -> str:
    """A name of the server's present run, which a restart changes."""
    if not settings.BROKER_URL:
        return "the database"
    try:
        return str(client().info("server").get("run_id", "unknown"))
    except NoPermissionError:
        return "unknown"
