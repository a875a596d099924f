"""Slow and hungry clients: more of them than threads, and everybody else is served as if they were not there."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.server import Server
from tests.services import free_port, wait_until
from tests.slow_clients import (
    Manner,
    credentials,
    dripping_body,
    endless_chunks,
    idle_after_an_answer,
    raw,
    read_at,
    reader_of,
    silence,
    slow_clients,
    unfinished_headers,
)

THREADS, TRANSFERS, WINDOW = 4, 40, 3
COUNT = 3 * THREADS
FILM = 24 * 1024**2
GIANT = 5 * 1024**3
ASSET = """
from django.conf import settings
from django.contrib.auth.models import User
from media_assets.models import MediaAsset
print("ID", MediaAsset.objects.create(owner=User.objects.get(username="author"), name="f", type="video", status="ready",
    key={key!r}, size={size}, content_type="video/mp4", checksum={checksum!r}).pk)
"""


class Site(Server):
    """A web server with short clocks, a film, and a sparse giant."""

    def prepare(self) -> None:
        self.content = os.urandom(1024**2) * (FILM // 1024**2)
        self.film = self.asset("film.mp4", FILM, self.content)
        self.giant = self.asset("giant.mp4", GIANT)
        self.web = self.start_web("--header-timeout", "2", "--rate-window", str(WINDOW), "--transfers", str(TRANSFERS))
        self.key = self.keys["author"]

    def asset(self, name: str, size: int, content: bytes = b"") -> str:
        place = self.folder / "var" / "media" / "slow" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            file.write(content)
            file.truncate(size)
        values = {"key": f"slow/{name}", "size": size, "checksum": hashlib.sha256(name.encode()).hexdigest()}
        return self.manage("shell", "-v0", "-c", ASSET.format(**values)).split()[-1]

    def data(self, asset: str) -> str:
        return f"/api/v1/media/{asset}/data/"

    def said(self) -> str:
        return (self.folder / "web.log").read_text()

    def memory(self) -> float:
        server = psutil.Process(self.web.pid)
        return sum(process.memory_full_info().uss for process in (server, *server.children())) / 2**20

    def connect(self, data: str, buffer: int = 0) -> socket.socket:
        client = socket.socket()
        if buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        client.settimeout(20)
        client.connect(("127.0.0.1", self.port))
        client.sendall(data.encode())
        return client

    def request(self, line: str, *headers: str) -> str:
        return "\r\n".join([f"{line} HTTP/1.1", "Host: 127.0.0.1", f"X-API-Key: {self.key}", *headers, "", ""])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("slow"), WEB_THREADS=str(THREADS), API_RATE="")
    try:
        site.prepare()
        yield site
    finally:
        site.stop()


def manners(site: Site) -> dict[str, Manner]:
    return {
        "silence": silence(),
        "unfinished headers": unfinished_headers(),
        "idle": idle_after_an_answer(),
        "body without a key": dripping_body(),
        "body with a key": dripping_body(site.key),
        "form with a key": dripping_body(site.key, path="/api/v1/media/"),
        "small body": dripping_body(site.key, length=500),
        "chunks": endless_chunks(site.key),
        "film not read": reader_of(site.data(site.film), site.key),
        "film read by bytes": reader_of(site.data(site.film), site.key, reads=1),
    }


@pytest.mark.parametrize(
    "name",
    [
        *("silence", "unfinished headers", "idle", "body without a key", "body with a key", "form with a key"),
        *("small body", "chunks", "film not read", "film read by bytes"),
    ],
)
def test_more_slow_clients_than_threads_hold_nobody_up(site: Site, name: str) -> None:
    with slow_clients(site.port, manners(site)[name], COUNT) as clients:
        wait_until(lambda: clients.opened >= COUNT, "the slow clients")
        for _ in range(10):
            assert site.answers()
            assert site.call("reviewer", "GET", "/api/v1/jobs/")["results"] == []


@pytest.mark.parametrize("name", ["silence", "unfinished headers", "body with a key", "small body", "film not read"])
def test_a_slow_client_is_cut(site: Site, name: str) -> None:
    with slow_clients(site.port, manners(site)[name], 2, again=False) as clients:
        wait_until(lambda: clients.closed == 2, "the end of both", 30)
    assert "Traceback" not in site.said()
    assert not re.search(r"(?i)\[(error|critical)", site.said())


def test_unfinished_headers_are_answered_with_408(site: Site) -> None:
    answer = raw(site.port, b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    assert answer.startswith(b"HTTP/1.1 408 ") and b'"code": "request_timeout"' in answer


def test_who_may_not_call_is_told_before_the_body(site: Site) -> None:
    began = time.monotonic()
    answer = raw(site.port, dripping_body(length=10_000_000).first)
    assert answer.startswith(b"HTTP/1.1 401 ") and b"Connection: close" in answer
    assert time.monotonic() - began < 10  # the server lingers 5 s for what the client might still send


def test_a_body_that_is_too_large_is_refused_by_its_head(site: Site) -> None:
    answer = raw(site.port, dripping_body(site.key, length=6 * 1024**3, path="/api/v1/media/").first)
    assert answer.startswith(b"HTTP/1.1 413 ") and b'"code": "too_large"' in answer


def test_a_body_without_a_length_is_refused(site: Site) -> None:
    assert raw(site.port, endless_chunks(site.key).first).startswith(b"HTTP/1.1 411 ")


def test_endless_headers_are_refused(site: Site) -> None:
    answer = raw(site.port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"x" * 40_000)
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_a_bare_line_feed_is_refused_at_once(site: Site) -> None:
    assert raw(site.port, b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n").startswith(b"HTTP/1.1 400 ")


def test_a_slow_reader_above_the_least_rate_lives_and_gets_the_right_bytes(site: Site) -> None:
    last = FILM - 1024**2
    line = site.request(f"GET {site.data(site.film)}", f"Range: bytes={last}-", "Connection: close")
    with site.connect(line, buffer=4096) as client:
        found = read_at(client, 20_000, 4096)  # five seconds, longer than a window
        head, _, body = found.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 206 ")
        while data := client.recv(65536):
            body += data
    assert body == site.content[last:]


def test_a_slow_sender_above_the_least_rate_lives(site: Site) -> None:
    body = b'{"title": "Slow"}'.ljust(20_000)
    line = site.request(
        "POST /api/v1/storyboards/",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    with site.connect(line) as client:
        for start in range(0, len(body), 400):  # five seconds
            client.sendall(body[start : start + 400])
            time.sleep(0.1)
        assert client.recv(20).startswith(b"HTTP/1.1 400 ")  # no scenes, says the application, which read it


def test_100_continue_comes_only_when_the_body_is_wanted(site: Site) -> None:
    headers = ("Content-Type: application/json", "Content-Length: 2", "Expect: 100-continue", "Connection: close")
    with site.connect(site.request("POST /api/v1/storyboards/", *headers)) as client:
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"{}")
        assert client.recv(20).startswith(b"HTTP/1.1 400 ")
    refused = site.request("POST /api/v1/storyboards/", *headers).replace(credentials(site.key), "")
    assert raw(site.port, refused.encode()).startswith(b"HTTP/1.1 401 ")


def test_pipelined_requests_are_answered_in_order(site: Site) -> None:
    live = site.request("GET /health/live")
    last = site.request("GET /health/live", "Connection: close")
    answer = raw(site.port, (live + site.request("GET /nothing") + last).encode())
    assert re.findall(rb"HTTP/1\.1 (\d+) ", answer) == [b"200", b"404", b"200"]


def test_http_1_0_closes_after_the_answer(site: Site) -> None:
    answer = raw(site.port, b"GET /health/live HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200 ") and answer.endswith(b'{"status": "ok"}')


def test_head_sends_no_body(site: Site) -> None:
    answer = raw(site.port, site.request(f"HEAD {site.data(site.film)}", "Connection: close").encode())
    assert f"Content-Length: {FILM}".encode() in answer and answer.endswith(b"\r\n\r\n")


def test_a_giant_is_sent_without_memory(site: Site) -> None:
    before = site.memory()
    with site.connect(site.request(f"GET {site.data(site.giant)}", "Connection: close")) as client:
        size, buffer = 0, memoryview(bytearray(1024**2))
        while got := client.recv_into(buffer):
            size += got
    assert size > GIANT
    assert site.memory() - before < 50


def test_when_transfers_are_full_new_ones_are_told_and_small_answers_go_on(site: Site) -> None:
    with slow_clients(site.port, reader_of(site.data(site.film), site.key), TRANSFERS // 2) as clients:
        wait_until(lambda: clients.open == TRANSFERS // 2, "the slow clients")

        def refused() -> bool:
            with site.connect(site.request(f"GET {site.data(site.film)}", "Connection: close")) as client:
                head = client.recv(1000)
                return head.startswith(b"HTTP/1.1 503 ") and b"Retry-After: " in head

        wait_until(refused, "a refusal", 20)
        assert site.answers()
        assert site.call("reviewer", "GET", "/api/v1/jobs/")["results"] == []


def test_a_stopping_server_ends_what_it_began(site: Site, tmp_path: Path) -> None:
    server = site.start("web", tmp_path / "web.log", "--port", str(port := free_port()))
    wait_until(lambda: listens(port), "the second server")
    line = site.request(f"GET {site.data(site.film)}", "Connection: close")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(line.encode())
        found = client.recv(65536)
        server.terminate()
        while data := client.recv(1024**2):
            found += data
    assert found.partition(b"\r\n\r\n")[2] == site.content
    assert server.wait(20) == 0


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
