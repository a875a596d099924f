"""A whole videoserver in processes of its own: web, worker, database and storage under one temporary folder."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import psutil
import pytest

from tests.services import free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = """
from django.contrib.auth.models import Group, User
for name, staff in (("author", False), ("reviewer", True)):
    user = User.objects.create_user(name, "", "a long enough password", is_staff=staff)
    user.groups.add(Group.objects.get(name=name))
"""


class Server:
    """Starts with `start_web` and `start_worker`; speaks to the API as somebody; ends with `stop`."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.port = folder, free_port()
        self.log = folder / "worker.log"
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "DATABASE", "PYTEST"))
        }
        self.environment = clean | {"DATA_DIR": str(folder / "var"), "PORT": str(self.port)} | environment
        self.processes: list[subprocess.Popen[bytes]] = []
        self.manage("migrate", "-v0")
        self.manage("shell", "-v0", "-c", PEOPLE)
        self.keys = {
            name: self.manage(
                "create_api_key", name, "--scope", "read", "--scope", "write", "--scope", "review"
            ).split()[-1]
            for name in ("author", "reviewer")
        }

    def manage(self, *words: str) -> str:
        """Run a command to its end; its output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_web(self, *words: str) -> subprocess.Popen[bytes]:
        web = self.start("web", self.folder / "web.log", *words)
        wait_until(self.answers, "the web server")
        return web

    def start_worker(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        return self.start("worker", self.log, *words, **environment)

    def start(self, name: str, log: Path, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", name, *words],
                cwd=ROOT,
                env=self.environment | environment,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/live", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def call(self, who: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON that the API answers (or bytes, if it is none). A refusal fails the test with its body."""
        sent = {"X-API-Key": self.keys[who]} | dict(headers or {})
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        url = path if path.startswith("http") else f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                content = answer.read()
                return json.loads(content) if "json" in answer.headers["Content-Type"] else content
        except HTTPError as error:
            pytest.fail(f"{method} {path}: {error.code} {error.read().decode()}")

    def upload(self, who: str, path: Path) -> dict[str, Any]:
        boundary = uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'
        body = head.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        return self.call(
            who, "POST", "/api/v1/media/", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        )

    def ordered(self, document: dict[str, Any]) -> str:
        """Create, submit, approve as somebody else, and render: the job's id."""
        board = self.call("author", "POST", "/api/v1/storyboards/", document)
        path = f"/api/v1/storyboards/{board['id']}"
        self.call("author", "POST", f"{path}/submit/", {})
        job = self.call("reviewer", "POST", f"{path}/approve/", {"revision": board["revision"], "render": True})
        return str(job["id"])

    def job(self, pk: str) -> dict[str, Any]:
        return self.call("author", "GET", f"/api/v1/jobs/{pk}/")

    def wait_for_film(self, pk: str, seconds: float = 90) -> dict[str, Any]:
        """The job when it has completed."""
        wait_until(lambda: self.job(pk)["status"] in {"completed", "failed", "canceled"}, f"job {pk}", seconds)
        job = self.job(pk)
        assert job["status"] == "completed", (job, self.log.read_text()[-4000:])
        return job

    def rendered(self) -> list[int]:
        """Numbers of the segments that were rendered, as the log tells, one for each time."""
        return [int(number) for number in re.findall(r"Segment (\d+) rendered", self.log.read_text())]

    def family(self) -> list[psutil.Process]:
        """Every living process that has this server's data folder in its environment, or descends from one."""
        found = []
        for process in psutil.process_iter():
            try:
                environment = process.environ()
                if (
                    environment.get("DATA_DIR") == self.environment["DATA_DIR"]
                    and process.status() != psutil.STATUS_ZOMBIE
                ):
                    found += [process, *process.children(recursive=True)]
            except psutil.Error:
                continue
        return list({process.pid: process for process in found}.values())

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
