"""Event streams and waits with a real web server: nobody takes all seats, and who has left gives theirs back."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator

import pytest

from tests.acceptance.server import Server
from tests.services import wait_until

ORDER = {"params": {"title": "Bye", "call_to_action": "Come again"}}
SHARE = 2
"""A quarter of half of 16 threads."""
SOON = 6.0
"""Seconds; seats come back within two, on a machine that has nothing else to do."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("seats"), WEB_THREADS="16", API_RATE="")
    server.start_web()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def job(server: Server) -> str:
    """An order that nobody works on: there is no worker."""
    return str(server.call("author", "POST", "/api/v1/templates/closing/render/", ORDER)["id"])


def opened(server: Server, path: str, key: str = "author", **headers: str) -> http.client.HTTPConnection:
    """A request that was sent, and whose answer nobody has read."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", path, headers={"X-API-Key": server.keys[key], **headers})
    return connection


def stream(server: Server, job: str, key: str = "author") -> tuple[int, http.client.HTTPConnection]:
    """The status of a stream, which is held open if there was a seat."""
    connection = opened(server, f"/api/v1/jobs/{job}/events/", key)
    return connection.getresponse().status, connection


def test_one_key_has_its_share_and_another_still_finds_a_seat(server: Server, job: str):
    held = []
    try:
        for number in range(SHARE + 3):
            status, connection = stream(server, job)
            held.append(connection)
            assert status == (200 if number < SHARE else 503)
        status, other = stream(server, job, "reviewer")
        held.append(other)
        assert status == 200
    finally:
        for connection in held:
            connection.close()


def test_a_client_that_left_gives_its_seat_back_soon(server: Server, job: str):
    def free() -> bool:
        status, connection = stream(server, job)
        held.append(connection)
        return status == 200

    held: list[http.client.HTTPConnection] = []
    wait_until(free, "a first seat", SOON)
    wait_until(free, "a second seat", SOON)
    for connection in held:
        connection.close()
    held.clear()
    wait_until(free, "a seat that came back", SOON)
    for connection in held:
        connection.close()


def test_a_refused_stream_is_one_line_in_the_log_and_no_error(server: Server, job: str):
    held = []
    status = 200
    while status == 200:
        status, connection = stream(server, job)
        held.append(connection)
    for connection in held:
        connection.close()
    log = server.folder / "web.log"
    lines = [line for line in log.read_text().splitlines() if re.search(r"code=503|Service Unavailable", line)]
    assert lines
    assert all("request_finished" in line and "[warning" in line for line in lines)
    assert not [line for line in log.read_text().splitlines() if "[error" in line]


def test_a_wait_whose_client_left_gives_its_seat_back_soon(server: Server, job: str):
    def waiting() -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        headers = {"X-API-Key": server.keys["author"], "Content-Type": "application/json", "Prefer": "wait=45"}
        connection.request("POST", "/api/v1/templates/closing/render/", json.dumps(ORDER), headers)
        return connection

    def refused() -> bool:
        status, connection = stream(server, job)
        connection.close()
        return status == 503

    waits = [waiting() for _ in range(SHARE)]
    wait_until(refused, "both seats taken by the waits", SOON)
    for connection in waits:
        connection.close()
    wait_until(lambda: not refused(), "a seat that came back", SOON)
