"""PostgreSQL stops as after a power cut: the web says so, and goes on by itself when it is back."""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.acceptance.server import Server
from tests.servers import Postgres
from tests.services import have, wait_until


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    server = have(Postgres).start()
    yield server
    server.close()


@pytest.fixture
def server(postgres: Postgres, tmp_path: Path) -> Iterator[Server]:
    public = {"DEBUG": "0", "SECRET_KEY": "of fifty characters", "ALLOWED_HOSTS": "127.0.0.1"}
    server = Server(tmp_path, DATABASE_URL=postgres.create("away"), **public)
    server.start_web()
    yield server
    server.stop()


def ask(
    server: Server, path: str, body: dict[str, Any] | None = None, once: str = "once"
) -> tuple[int, str, str | None]:
    """Status, text and Retry-After of an answer."""
    headers = {"X-API-Key": server.keys["author"], "Content-Type": "application/json", "Idempotency-Key": once}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode(), None
    except HTTPError as error:
        return error.code, error.read().decode(), error.headers["Retry-After"]


def test_the_web_says_that_the_database_is_away_and_recovers(server: Server, postgres: Postgres) -> None:
    order = {"params": {"title": "Bye", "call_to_action": "Come"}}
    assert ask(server, "/api/v1/jobs/")[0] == 200
    postgres.stop(signal.SIGQUIT)
    for path, body in (("/api/v1/jobs/", None), ("/api/v1/templates/closing/render/", order)):
        status, text, retry = ask(server, path, body)
        assert (status, json.loads(text)["code"], retry) == (503, "database_away", "5"), path
    status, text, retry = ask(server, "/admin/login/")
    assert (status, retry) in ((200, None), (503, "5"))
    assert ask(server, "/health/ready")[0] == 503
    assert ask(server, "/health/live")[0] == 200
    postgres.start()
    wait_until(lambda: ask(server, "/api/v1/jobs/")[0] == 200, "the web's recovery")
    ordered = ask(server, "/api/v1/templates/closing/render/", order)
    assert ordered[0] == 202
    assert len(json.loads(ask(server, "/api/v1/jobs/")[1])["results"]) == 1, "what was refused left nothing"
