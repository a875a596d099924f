"""`manage.py serve`, which `make run` runs: everything with one command, and nothing left of it afterwards."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.acceptance.server import ROOT, Server
from tests.services import wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_command_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    server = Server(tmp_path)
    told = tmp_path / "told"
    with told.open("wb") as output:
        serve = subprocess.Popen(
            [sys.executable, "manage.py", "serve"], cwd=ROOT, env=server.environment, stdout=output, stderr=output
        )
    try:
        wait_until(lambda: "Ready." in told.read_text(), "readiness", 60)
        lines = told.read_text()
        assert f"http://127.0.0.1:{server.port}/admin/" in lines
        assert "log in as admin with the password" in lines
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/health/ready", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
    finally:
        serve.send_signal(number)
        assert serve.wait(60) == 0
    wait_until(lambda: not server.family(), "the end of every process", 20)
