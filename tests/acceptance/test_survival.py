"""Workers and supervisors are killed amid a film; it is made all the same, and only what was lost is made anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import footage
from tests.acceptance.server import Server
from tests.services import wait_until

SCENES = 6
SEGMENTS = 2 * SCENES  # of a scene of three seconds, each


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A web server; each test starts its own worker."""
    server = Server(tmp_path_factory.mktemp("server"))
    server.start_web()
    yield server
    server.stop()


@pytest.fixture
def document(server: Server, tmp_path: Path) -> dict[str, Any]:
    """Six scenes of real pictures: seconds of work for two workers."""
    pictures = [footage.picture(tmp_path / f"{n}.png", (1600, 900), n, seed=id(tmp_path) + n) for n in range(SCENES)]
    return {
        "title": "Survival",
        "quality": "720p",
        "fps": 24,
        "scenes": [
            {
                "template": "picture",
                "duration": 3,
                "params": {"image": server.upload("author", picture)["id"], "motion": "zoom_in"},
            }
            for picture in pictures
        ],
    }


def test_a_killed_worker_costs_its_segment_and_nothing_else(server: Server, document: dict[str, Any]) -> None:
    server.log.write_text("")
    worker = server.start_worker()
    pk = server.ordered(document)
    wait_until(lambda: len(server.rendered()) >= 1, "the first segment", 90)
    rendering_worker(worker.pid).kill()
    job = server.wait_for_film(pk)
    assert worker.poll() is None, "the supervisor lives on"
    done = server.rendered()
    assert_each_once(done)
    assert_whole(server, job)
    end(worker)


def test_a_killed_supervisor_leaves_nothing_and_the_next_one_goes_on(server: Server, document: dict[str, Any]) -> None:
    server.log.write_text("")
    first = server.start_worker()
    pk = server.ordered(document)
    wait_until(lambda: len(server.rendered()) >= 1, "the first segment", 90)
    children = psutil.Process(first.pid).children(recursive=True)
    assert children
    first.kill()
    first.wait()
    wait_until(lambda: not [child for child in children if lives(child)], "the end of every child", 10)
    second = server.start_worker()
    job = server.wait_for_film(pk)
    done = server.rendered()
    assert_each_once(done)
    assert_whole(server, job)
    end(second)


def assert_each_once(done: list[int]) -> None:
    """No finished segment was rendered again. Each of the two workers may have died between its deed and its word."""
    assert len(done) == len(set(done))
    assert set(done) <= set(range(1, SEGMENTS + 1))
    assert len(done) >= SEGMENTS - 2


def rendering_worker(supervisor: int) -> psutil.Process:
    """The django-q2 process that has a busy render child. Between two segments none is, for a moment."""
    for _ in range(20):
        for process in psutil.Process(supervisor).children(recursive=True):
            if "rendering.engine" in process.cmdline() and process.cpu_percent(0.2) > 10:
                parent = process.parent()
                assert parent is not None
                return parent
    raise AssertionError("no worker renders")


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def assert_whole(server: Server, job: dict[str, Any]) -> None:
    film = server.call("author", "GET", job["video_url"])
    assert hashlib.sha256(film).hexdigest() == job["results"][0]["checksum"]
    assert job["results"][0]["frames"] == SCENES * 3 * 24


def end(worker: Any) -> None:
    worker.terminate()
    assert worker.wait(30) == 0
