"""`manage.py serve`, which `make run` runs: everything with one command, and nothing left of it afterwards."""

from __future__ import annotations

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.server import ROOT, Server
from tests.servers import Redis
from tests.services import wait_until

Serve = Callable[[Server], tuple[subprocess.Popen[bytes], Path]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """`serve(server)` runs the command; it and the file with what it says. Nothing of it outlives the test."""
    started: list[tuple[subprocess.Popen[bytes], Server]] = []

    def start(server: Server) -> tuple[subprocess.Popen[bytes], Path]:
        told = tmp_path / f"told-{len(started)}"
        with told.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"], cwd=ROOT, env=server.environment, stdout=output, stderr=output
            )
        started.append((process, server))
        return process, told

    yield start
    for process, server in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        wait_until(lambda server=server: not server.family(), "the end of every process", 20)


def ready(server: Server) -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/health/ready", timeout=10) as answer:
        found: dict[str, object] = json.load(answer)
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_command_serves_until_it_is_told_to_stop(tmp_path: Path, serve: Serve, number: signal.Signals) -> None:
    server = Server(tmp_path)
    process, told = serve(server)
    wait_until(lambda: "Ready." in told.read_text(), "readiness", 60)
    lines = told.read_text()
    assert f"http://127.0.0.1:{server.port}/admin/" in lines
    assert "log in as admin with the password" in lines
    assert ready(server)["status"] == "ok"
    process.send_signal(number)
    assert process.wait(60) == 0
    wait_until(lambda: not server.family(), "the end of every process", 20)


def test_it_stops_with_a_sentence_when_the_port_belongs_to_another_server(tmp_path: Path) -> None:
    """And changes nothing: it makes no database, no admin, and no worker beside the other's web server."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        port = other.server_port
        environment = os.environ | {"DATA_DIR": str(tmp_path / "var"), "PORT": str(port)}
        command = [sys.executable, "manage.py", "serve"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
        other.shutdown()
    assert done.returncode == 1
    assert f"Port {port} belongs to another server" in done.stderr
    assert f"process {os.getpid()}). Stop it, or set PORT to another port." in done.stderr
    assert "Traceback" not in done.stderr and done.stdout == ""
    assert not (tmp_path / "var" / "videoserver.sqlite3").exists()


def test_it_is_not_ready_by_workers_that_it_has_not_started(tmp_path: Path, serve: Serve) -> None:
    """Those of another command on the same database answer every canary."""
    server = Server(tmp_path)
    other = server.start_worker()
    try:
        process, told = serve(server)
        wait_until(lambda: "Serving default" in told.read_text(), "its own worker", 60)
        (own,) = [one for one in psutil.Process(process.pid).children() if "worker" in one.cmdline()]
        own.suspend()
        wait_until(lambda: "Not ready: the worker does not answer yet." in told.read_text(), "the sentence", 90)
        assert ready(server)["status"] == "ok"
        assert "Ready." not in told.read_text()
        own.resume()
        wait_until(lambda: "Ready." in told.read_text(), "readiness", 60)
    finally:
        other.send_signal(signal.SIGTERM)
        other.wait(30)


def test_it_says_that_the_broker_is_away_and_is_ready_once_it_is_back(
    tmp_path: Path, serve: Serve, redis_server: Redis
) -> None:
    server = Server(tmp_path, BROKER_URL=redis_server.url)
    redis_server.stop()
    try:
        _, told = serve(server)
        sentence = f"Not ready: broker: The broker at {redis_server.url} does not answer"
        wait_until(lambda: sentence in told.read_text(), "the sentence", 60)
        assert "Ready." not in told.read_text()
        assert ready(server)["status"] == "degraded"
    finally:
        redis_server.ensure()
    wait_until(lambda: "Ready." in told.read_text(), "readiness", 90)
