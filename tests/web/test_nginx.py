"""The documented nginx example, with a real nginx before a real server."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.acceptance.server import ROOT, Server
from tests.services import free_port, lacking, wait_until
from tests.slow_clients import raw
from tests.web.test_slow_clients import ASSET, listens

FILM = os.urandom(1024**2) * 3


class Proxied(Server):
    """Two web servers behind nginx."""

    def prepare(self) -> None:
        self.ports = [self.port, free_port()]
        self.webs = [self.web(port) for port in self.ports]
        self.proxy_port = free_port()
        example = re.search(r"```nginx\n(.*?)```", (ROOT / "docs/howto/operators.md").read_text(), re.DOTALL)
        assert example, "The documents show no nginx example."
        site = example[1].replace("127.0.0.1:8000", f"127.0.0.1:{self.ports[0]}")
        site = site.replace("127.0.0.1:8080", f"127.0.0.1:{self.ports[1]}").replace(
            "listen 80", f"listen 127.0.0.1:{self.proxy_port}"
        )
        place = self.folder / "nginx"
        for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
            (place / name).mkdir(parents=True)
        temporary = "".join(
            f"{kind}_temp_path {place / name};\n"
            for kind, name in [("client_body", "body")] + [(one, one) for one in ("proxy", "fastcgi", "uwsgi", "scgi")]
        )
        (place / "nginx.conf").write_text(
            f"daemon off; user root; pid {place}/pid; error_log {place}/error.log; events {{}}\n"
            f"http {{ access_log {place}/access.log; {temporary} {site} }}"
        )
        command = ["nginx", "-e", f"{place}/error.log", "-p", str(place), "-c", str(place / "nginx.conf")]
        self.processes.append(subprocess.Popen(command, start_new_session=True))
        wait_until(lambda: listens(self.proxy_port), "nginx")

    def web(self, port: int) -> subprocess.Popen[bytes]:
        web = self.start("web", self.folder / "web.log", "--port", str(port))
        wait_until(lambda: listens(port), "a web server", 60)
        return web

    def ask(self, path: str, data: bytes | None = None, **headers: str) -> Any:
        sent = {"X-API-Key": self.keys["author"], "Host": "video.example.org"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"http://127.0.0.1:{self.proxy_port}{path}", data, sent)
        return urllib.request.urlopen(request, timeout=30)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    if shutil.which("nginx") is None:
        lacking("nginx")
    site = Proxied(
        tmp_path_factory.mktemp("nginx"),
        TRUSTED_PROXIES="127.0.0.1",
        PUBLIC_URL="https://video.example.org",
        ALLOWED_HOSTS="video.example.org",
        WEB_THREADS="4",
        API_RATE="",
    )
    try:
        site.prepare()
        yield site
    finally:
        site.stop()


def test_a_film_goes_up_and_comes_down_in_ranges(site: Proxied) -> None:
    place = site.folder / "var" / "media" / "proxied" / "film.mp4"
    place.parent.mkdir(parents=True)
    place.write_bytes(FILM)
    values = {"key": "proxied/film.mp4", "size": len(FILM), "checksum": hashlib.sha256(FILM).hexdigest()}
    film = site.manage("shell", "-v0", "-c", ASSET.format(**values)).split()[-1]
    with site.ask(f"/api/v1/media/{film}/data/") as answer:
        assert answer.read() == FILM
    with site.ask(f"/api/v1/media/{film}/data/", Range="bytes=1000000-1000009") as answer:
        assert answer.status == 206 and answer.read() == FILM[1000000:1000010]


def test_an_upload_goes_through(site: Proxied) -> None:
    picture = next((ROOT / "docs" / "images").glob("*.jpg")).read_bytes()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="film.jpg"\r\n\r\n'
    body = head + picture + b"\r\n--b--\r\n"
    with site.ask("/api/v1/media/", body, Content_Type="multipart/form-data; boundary=b") as answer:
        assert answer.status == 201 and json.load(answer)["status"] == "ready"


def test_a_body_that_is_too_large_is_413(site: Proxied) -> None:
    head = "POST /api/v1/media/ HTTP/1.1\r\nHost: video.example.org\r\nContent-Length: 6442450944\r\n\r\n"
    assert raw(site.proxy_port, head.encode()).startswith(b"HTTP/1.1 413 ")


def test_the_log_has_the_client_and_no_tale(site: Proxied) -> None:
    for number in range(2):
        with site.ask(f"/health/live?{number}", X_Forwarded_For="6.6.6.6"):
            pass
    said = (site.folder / "web.log").read_text()
    assert "ip=6.6.6.6" in said  # nginx's peer is 127.0.0.1, a trusted proxy too: the hop before it is the client
    request = urllib.request.Request(f"http://127.0.0.1:{site.port}/health/live", headers={"Host": "10.2.3.4"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def test_links_begin_with_the_public_url(site: Proxied) -> None:
    for number in range(2):
        body = json.dumps({"name": f"folder {number}"}).encode()
        site.ask("/api/v1/folders/", body, Content_Type="application/json").close()
    with site.ask("/api/v1/folders/?page_size=1") as answer:
        assert json.load(answer)["next"].startswith("https://video.example.org/api/v1/folders/?")


def test_events_come_as_they_happen(site: Proxied) -> None:
    scene = {"template": "announcement", "duration": 5, "params": {"title": "News", "body": "It is here."}}
    headers = {"Host": "video.example.org"}
    board = site.call("author", "POST", "/api/v1/storyboards/", {"title": "One", "scenes": [scene]}, headers)
    path = f"/api/v1/storyboards/{board['id']}"
    site.call("author", "POST", f"{path}/submit/", {}, headers)
    approval = {"revision": board["revision"], "render": True}
    job = site.call("reviewer", "POST", f"{path}/approve/", approval, headers)
    began = time.monotonic()
    with site.ask(f"/api/v1/jobs/{job['id']}/events/") as answer:
        assert answer.readline() == b"event: job\n"
    assert time.monotonic() - began < 15  # the stream itself lasts for 30 s


def test_a_restart_of_one_after_the_other_is_no_error(site: Proxied) -> None:
    codes: list[int] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                with site.ask("/api/v1/jobs/") as answer:
                    codes.append(answer.status)
            except HTTPError as error:
                codes.append(error.code)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for number, port in enumerate(site.ports):
            site.webs[number].terminate()
            assert site.webs[number].wait(30) == 0
            site.webs[number] = site.web(port)
    finally:
        over.set()
        asking.join(30)
    assert len(codes) > 20 and set(codes) == {200}, {code: codes.count(code) for code in set(codes)}


def test_a_socket_that_is_passed_on_outlives_its_server(site: Proxied, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        # As systemd does it.
        start = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3);"
            "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()));"
            "os.execv(sys.executable, [sys.executable, 'manage.py', 'web'])"
        )

        def web() -> subprocess.Popen[bytes]:
            command = [sys.executable, "-c", start, str(listener.fileno())]
            handle = (listener.fileno(),)
            with (tmp_path / "web.log").open("ab") as log:
                server = subprocess.Popen(
                    command, cwd=ROOT, env=site.environment, pass_fds=handle, stdout=log, stderr=log
                )
            site.processes.append(server)
            return server

        for _ in range(2):
            # The second client comes while no server runs.
            with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
                client.sendall(b"GET /health/live HTTP/1.1\r\nHost: 10.0.0.1\r\nConnection: close\r\n\r\n")
                server = web()
                assert client.recv(12) == b"HTTP/1.1 200"
            server.terminate()
            assert server.wait(30) == 0
