"""A running film is canceled: within ten seconds its worker has stopped, and nothing of the run is left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import footage
from tests.acceptance.server import Server
from tests.services import wait_until

PROMISED = 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A web server and one worker."""
    server = Server(tmp_path_factory.mktemp("cancel"), WORKERS="1")
    server.start_web()
    server.start_worker()
    yield server
    server.stop()


@pytest.fixture
def film(server: Server, tmp_path: Path) -> dict[str, Any]:
    """A film that keeps a worker busy for much longer than a cancel takes."""
    picture = footage.picture(tmp_path / "pier.png", (2560, 1440), seed=id(tmp_path))
    image = server.upload("author", picture)["id"]
    scene = {"template": "picture", "duration": 60, "params": {"image": image, "motion": "zoom_in"}}
    return {"title": "Long", "quality": "2160p", "fps": 60, "scenes": [scene]}


def test_a_running_film_is_canceled_within_ten_seconds_and_leaves_nothing(server: Server, film: dict[str, Any]) -> None:
    pk = server.ordered(film)
    wait_until(lambda: bool(busy(server)) and bool(workspaces(server)), "the first frames", 90)
    children = busy(server)
    server.call("author", "POST", f"/api/v1/jobs/{pk}/cancel/", {})
    asked = time.monotonic()
    wait_until(lambda: server.job(pk)["status"] == "canceled", "the end of the job", PROMISED)
    wait_until(lambda: not [child for child in children if lives(child)], "the end of its child", PROMISED)
    wait_until(lambda: not workspaces(server), "the end of its workspace", PROMISED)
    assert time.monotonic() - asked <= PROMISED
    assert server.call("author", "POST", f"/api/v1/jobs/{pk}/cancel/", {})["status"] == "canceled"
    assert server.job(pk)["results"] == []
    assert_the_worker_works_on(server, film)


def busy(server: Server) -> list[psutil.Process]:
    """The render children that have really begun."""
    return [process for process in server.family() if renders(process)]


def renders(process: psutil.Process) -> bool:
    try:
        return "rendering.engine" in process.cmdline() and process.cpu_percent(interval=0.2) > 50
    except psutil.Error:
        return False


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def workspaces(server: Server) -> list[str]:
    root = Path(server.environment["DATA_DIR"]) / "workspaces"
    return [folder.name for folder in root.iterdir()] if root.is_dir() else []


def assert_the_worker_works_on(server: Server, film: dict[str, Any]) -> None:
    short = film | {"quality": "draft", "scenes": [film["scenes"][0] | {"duration": 0.5}]}
    server.wait_for_film(server.ordered(short))
