"""Redis is stopped, hangs, or has another password: the API answers as ever, and says what is wrong."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError

import pytest

from tests import footage
from tests.acceptance.server import Server
from tests.servers import Redis
from tests.services import have, wait_until

SECONDS = 5.0
"""The client's patience: many times the half second that the server has for Redis, for a machine under load."""
ORDER = {"params": {"title": "Bye", "call_to_action": "Come"}, "duration": 1, "quality": "draft", "fps": 8}
RENDER = "/api/v1/templates/closing/render/"
FAULTS: dict[str, tuple[Callable[[Redis], None], str, str]] = {
    "stopped": (Redis.stop, "does not answer", "Start Redis there, or correct BROKER_URL"),
    "hangs": (Redis.pause, "does not answer", "Start Redis there, or correct BROKER_URL"),
    "another password": (
        lambda server: server.set_password("second"),
        "refuses the password",
        "Put the password that Redis asks for into BROKER_URL",
    ),
}


@pytest.fixture(scope="module")
def redis_with_password() -> Iterator[Redis]:
    server = have(lambda: Redis("hidden"))
    try:
        yield server.start()
    finally:
        server.ensure()
        server.close()


@pytest.fixture(scope="module")
def server(redis_with_password: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Web server and worker with the settings as they are shipped."""
    server = Server(tmp_path_factory.mktemp("redis-away"), BROKER_URL=redis_with_password.url, RETRY_BACKOFF="1")
    server.start_web()
    server.start_worker("--reap-every", "1")
    wait_until(lambda: ready(server)["status"] == "ok", "readiness", 60)
    yield server
    server.stop()


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest, redis_with_password: Redis) -> Iterator[str]:
    """One of them is under way while the test runs."""
    FAULTS[request.param][0](redis_with_password)
    yield request.param
    redis_with_password.ensure()


def ask(server: Server, path: str, body: Any = None, key: str = "author") -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-API-Key": server.keys.get(key, key), "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


def ready(server: Server) -> dict[str, Any]:
    status, body = ask(server, "/health/ready")
    assert status == 200, body
    found: dict[str, Any] = json.loads(body)
    return found


def test_orders_answer_202_and_run_when_it_is_back(server: Server, redis_with_password: Redis, fault: str) -> None:
    answers = [ask(server, RENDER, ORDER) for _ in range(3)]
    assert [status for status, _ in answers] == [202] * 3
    jobs = [json.loads(body)["id"] for _, body in answers]
    assert [ask(server, f"/api/v1/jobs/{job}/")[0] for job in jobs] == [200] * 3
    redis_with_password.ensure()
    for job in jobs:
        server.wait_for_film(job)
    assert "is started again" not in server.log.read_text(), "no cluster was to blame"


def test_whatever_else_is_asked_answers_as_ever(server: Server, fault: str) -> None:
    assert ask(server, "/api/v1/jobs/", key="sk_12345678_wrong")[0] == 401
    picture = server.upload("author", footage.picture(server.folder / "one.png", (320, 180), 1))
    scene = {"template": "picture", "duration": 1, "params": {"image": picture["id"]}}
    board = server.call("author", "POST", "/api/v1/storyboards/", {"title": "Board", "scenes": [scene]})
    still = f"/api/v1/storyboards/{board['id']}/still.jpg"
    assert [ask(server, still)[0] for _ in range(2)] == [200, 200]
    assert ask(server, "/health/live")[0] == 200


def test_health_and_metrics_name_it_with_its_cure(server: Server, redis_with_password: Redis, fault: str) -> None:
    _, phrase, cure = FAULTS[fault]
    # What the last test did to it is remembered for two seconds.
    wait_until(lambda: phrase in ready(server)["checks"]["broker"]["detail"], "the fault's name")
    for path in ("/health/ready", "/health"):
        status, body = ask(server, path)
        found = json.loads(body)
        assert (status, found["status"]) == (200, "degraded")
        assert found["checks"]["broker"]["ok"] is False
        place = f"redis://127.0.0.1:{redis_with_password.port}/0"
        assert found["checks"]["broker"]["detail"] == f"The broker at {place} {phrase}."
        assert found["checks"]["broker"]["cure"].startswith(cure)
        assert b"hidden" not in body
    status, body = ask(server, "/metrics", key="reviewer")
    assert status == 200
    assert b'videoserver_health_check{check="broker"} 0.0' in body
    assert b'videoserver_health_check{check="database"} 1.0' in body


def test_the_log_says_so_without_the_password(server: Server, fault: str) -> None:
    assert ask(server, RENDER, ORDER)[0] == 202
    log = (server.folder / "web.log").read_text()
    assert "Calls are not counted, and API_RATE holds nobody up: Redis" in log
    assert "hidden" not in log and "Traceback" not in log
