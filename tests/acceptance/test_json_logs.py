"""With LOG_FORMAT=json a service writes JSON and nothing else, from its first line to its last; and `ps` names it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import psutil
import pytest

from tests.acceptance.server import ROOT, Server
from tests.services import free_port, wait_until
from videoserver import settings as product

FILM = {
    "title": "Lines",
    "width": 160,
    "height": 90,
    "fps": 8,
    "scenes": [{"template": "closing", "duration": 1, "params": {"title": "The end", "call_to_action": "Go on"}}],
}
ALWAYS = {"event", "level", "logger", "timestamp", "process", "pid", "version"}


class Story:
    """What a whole `serve` wrote: to stdout and stderr, and which processes it had meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.server = server = Server(
            folder,
            LOG_FORMAT="json",
            WORKER_NAME="blue",
            WORKERS="1",
            MAX_RETRIES="0",
            FAULTS="segment.rendered:raise@1",
        )
        told = {name: folder / name for name in ("stdout", "stderr")}
        with told["stdout"].open("wb") as out, told["stderr"].open("wb") as err:
            serve = subprocess.Popen(
                [sys.executable, "manage.py", "serve"], cwd=ROOT, env=server.environment, stdout=out, stderr=err
            )
        try:
            wait_until(lambda: "Ready." in told["stdout"].read_text() + told["stderr"].read_text(), "readiness", 60)
            self.failed = server.ordered(FILM)
            wait_until(lambda: server.job(self.failed)["status"] == "failed", "the failure", 60)
            self.film = server.ordered(FILM | {"title": "Lines, again"})
            wait_until(lambda: server.job(self.film)["status"] == "completed", "the film", 60)
            self.request_id = refused(server)
            self.titles = titles(server)
            self.environments = len(server.family())
            killed = kill_one(server, "videoserver: worker render")
            wait_until(lambda: dict(titled(server)).get("videoserver: worker render", killed) != killed, "another", 30)
        finally:
            serve.send_signal(signal.SIGTERM)
            assert serve.wait(60) == 0
        self.text = {name: path.read_text() for name, path in told.items()}
        self.lines = [json.loads(line) for text in self.text.values() for line in text.splitlines()]

    def about(self, **fields: Any) -> list[dict[str, Any]]:
        return [line for line in self.lines if fields.items() <= line.items()]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A film that fails, one that is made, a request that is refused, a worker that is killed, and a stop."""
    return Story(tmp_path_factory.mktemp("story"))


def refused(server: Server) -> str:
    """Ask for a job that is not there; the id of the request."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/api/v1/jobs/{'0' * 8}-0000-4000-8000-{'0' * 12}/",
        headers={"X-API-Key": server.keys["author"]},
    )
    with pytest.raises(HTTPError) as answer:
        urllib.request.urlopen(request, timeout=10)
    return str(json.load(answer.value)["request_id"])


def titled(server: Server) -> list[tuple[str, psutil.Process]]:
    """Every process of the server that lives, with what `ps` shows."""
    found = []
    for process in server.family():
        with contextlib.suppress(psutil.Error):
            found.append((" ".join(process.cmdline()), process))
    return found


def titles(server: Server) -> list[str]:
    return [title for title, _ in titled(server)]


def kill_one(server: Server, title: str) -> psutil.Process:
    process = dict(titled(server))[title]
    process.kill()
    return process


def test_every_line_is_an_object_that_says_where_it_comes_from(story: Story) -> None:
    assert len(story.lines) > 20
    for line in story.lines:
        assert line.keys() >= ALWAYS, line
        assert line["version"] == product.VERSION
        assert line["process"].split()[0] in {"serve", "web", "worker"}, line


def test_every_line_of_a_worker_names_it(story: Story) -> None:
    processes = {line["process"] for line in story.lines if line["process"].startswith("worker")}
    assert {"worker supervisor", "worker render", "worker default"} <= processes
    assert all(line.get("worker") == "blue" for line in story.lines if line["process"] in processes)
    assert all("worker" not in line for line in story.lines if line["process"].startswith(("web", "serve")))


def test_a_request_says_whose_key_called_and_how_long_it_took(story: Story) -> None:
    [line] = story.about(request_id=story.request_id, event="request_finished")
    key = story.server.keys["author"]
    assert (line["key"], line["code"]) == (key.split("_")[1], 404)
    assert line["request"].startswith("GET /api/v1/jobs/")
    assert 0 < line["duration_ms"] < 60_000
    assert isinstance(line["user_id"], int)
    assert not [text for text in story.text.values() if key in text], "the key itself is in no line"


def test_a_run_says_whose_work_it_was_and_how_long_it_took(story: Story) -> None:
    runs = story.about(event="Run ended", job_id=story.film)
    ended = {(run["work"], run["status"]) for run in runs}
    assert {("segment", "completed"), ("job", "completed")} <= ended
    assert all(run["duration_ms"] > 0 and run["work_id"] and run["attempt"] == 1 for run in runs)
    [segment] = story.about(event="Run ended", work="segment", job_id=story.failed)
    assert (segment["status"], segment["code"], segment["process"]) == ("failed", "attempts_exhausted", "worker render")


def test_a_traceback_is_part_of_its_line(story: Story) -> None:
    [line] = [each for each in story.about(job_id=story.failed) if "Unexpected error" in each["event"]]
    assert "FaultInjected: segment.rendered" in line["exception"]


def test_the_web_servers_own_lines_are_among_them(story: Story) -> None:
    told = {line["event"].split(":")[0] for line in story.about(logger="gunicorn.error")}
    assert any(event.startswith("Listening at") for event in told)
    assert any(event.startswith(("Shutting down", "Handling signal")) for event in told)


def test_what_django_q_says_of_a_killed_worker_is_a_line(story: Story) -> None:
    assert any("reincarnated worker" in line["event"] for line in story.about(logger="django-q", level="critical"))


def test_processes_are_called_after_what_they_do(story: Story) -> None:
    queues = ("default", "media_import", "render")
    expected = {"videoserver: serve", "videoserver: web", "videoserver: web worker", "videoserver: worker supervisor"}
    for queue in queues:
        expected |= {f"videoserver: worker {queue}{role}" for role in ("", " main", " sentinel", " pusher", " monitor")}
    assert expected <= set(story.titles)
    assert "videoserver: child rendering.engine" in story.titles
    assert story.environments >= len(expected), "and their environment can be read as before"


def test_an_error_that_nobody_catches_is_one_line(tmp_path: Path) -> None:
    environment = os.environ | {"DATA_DIR": str(tmp_path), "PORT": str(free_port()), "LOG_FORMAT": "json"}
    environment |= {"DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "videoserver.settings"}
    code = """
import sys, threading, warnings
import django
from django.core import management
django.setup()
from videoserver.management.commands import worker
def handle(*args, **options):
    print("printed"); print("and", "more", file=sys.stderr)
    warnings.warn("a warning")
    threading.Thread(target=lambda: 1 / 0, name="odd").start()
    raise KeyError("nobody")
worker.Command.handle = handle
management.execute_from_command_line(["manage.py", "worker"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stdout == ""
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    events = [line["event"] for line in lines]
    assert events[:2] == ["printed", "and more"]
    assert any("a warning" in event for event in events)
    assert [line["exception"].splitlines()[-1] for line in lines if "exception" in line] == [
        "ZeroDivisionError: division by zero",
        "KeyError: 'nobody'",
    ]


def test_a_command_that_refuses_to_start_says_so_in_json(tmp_path: Path) -> None:
    environment = os.environ | {"DATA_DIR": str(tmp_path), "LOG_FORMAT": "json", "DATABASE_URL": ""}
    environment["DJANGO_SETTINGS_MODULE"] = "videoserver.settings"
    done = subprocess.run(
        [sys.executable, "manage.py", "worker", "--cluster", "no such name"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    [line] = [json.loads(line) for line in (done.stdout + done.stderr).splitlines()]
    assert "--cluster must be a name" in line["event"]


def test_text_stays_text(tmp_path: Path) -> None:
    server = Server(tmp_path, WORKER_NAME="blue", WORKERS="1")
    worker = server.start_worker()
    wait_until(lambda: "The cluster of render starts" in server.log.read_text(), "the worker")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    first, *_ = server.log.read_text().splitlines()
    assert first.startswith("Serving default, media_import, render with 1 workers each.")
    assert not [line for line in server.log.read_text().splitlines() if line.startswith("{")]
    assert not psutil.pid_exists(worker.pid)
