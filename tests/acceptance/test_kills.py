"""SIGKILL at every point of a run: the work goes on within seconds, is done once, and nothing is left of the dead."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import footage
from tests.acceptance.server import Server
from tests.media_assets.hostile_source import Source, file, source
from tests.services import wait_until
from tests.workflow.fault_points import FILM, GENERATION, IMPORT

FRAMES = 8
Start = Callable[[str], subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def origin() -> Iterator[Source]:
    """Where films are imported from."""
    with source() as made:
        yield made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, origin: Source) -> Iterator[Server]:
    """A web server; each test starts its own worker."""
    server = Server(tmp_path_factory.mktemp("kills"), WORKERS="1", IMPORT_ALLOWED_HOSTS=origin.place)
    server.start_web()
    yield server
    server.stop()


@pytest.fixture
def start(server: Server) -> Iterator[Start]:
    """`start("job.made:kill9@1")` starts a worker with this fault."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(faults: str) -> subprocess.Popen[bytes]:
        server.log.write_text("")
        started.append(server.start_worker("--reap-every", "1", FAULTS=faults))
        return started[-1]

    yield begin
    for worker in started:
        worker.kill()
        worker.wait()


@pytest.mark.parametrize("point", [*FILM, *GENERATION])
def test_a_worker_killed_at_any_point_costs_seconds_and_nothing_else(server: Server, start: Start, point: str) -> None:
    worker = start(f"{point}:kill9@1")
    ordered = generation if point in GENERATION else film
    pk, neighbour = ordered(server, point), film(server, f"neighbour of {point}")
    job = server.wait_for_film(pk, 60)
    assert server.wait_for_film(neighbour)["attempt"] <= 2
    if point == "job.written":
        assert hits(server, point) == 1, "what was written is not written again"
    else:
        assert hits(server, point) >= 2, "one was killed there, and another one passed"
    if ordered is film:
        assert_whole(server, job)
    else:
        assert_filled_in(server, job)
    assert_each_segment_once(server, point)
    stop(worker)
    assert_nobody_is_left(server)
    assert workspaces(server) == []


@pytest.mark.parametrize("point", IMPORT)
def test_a_worker_killed_at_any_point_of_an_import_costs_seconds(
    server: Server, start: Start, origin: Source, tmp_path: Path, point: str
) -> None:
    clip = footage.film(tmp_path / "clip.mp4", seconds=1).read_bytes()
    worker = start(f"{point}:kill9@1")
    body = {"url": origin.url(f"/{point}.mp4", file(clip)), "type": "video"}
    asset = server.call("author", "POST", "/api/v1/media/import-from-url/", body)
    read = partial(server.call, "author", "GET", f"/api/v1/media/{asset['id']}/")
    wait_until(lambda: read()["status"] in ("ready", "failed"), "the end of the import", 60)
    assert read()["checksum"] == hashlib.sha256(clip).hexdigest()
    if point != "mediaimport.after_commit":
        assert hits(server, point) >= 2, "it was killed there, and another one passed"
    stop(worker)
    assert_nobody_is_left(server)
    assert workspaces(server) == []


def film(server: Server, title: str) -> str:
    """Order a second of film that is not in the cache."""
    body = {
        "params": {"title": title, "call_to_action": "Come"},
        "duration": 1,
        "quality": "draft",
        "fps": FRAMES,
    }
    job: dict[str, Any] = server.call("author", "POST", "/api/v1/templates/closing/render/", body)
    return str(job["id"])


def generation(server: Server, title: str) -> str:
    """Order the words and the picture of a storyboard."""
    board = server.call("author", "POST", "/api/v1/storyboards/", {"title": title, "quality": "draft", "scenes": []})
    body = {"brief": "Boats go out at dawn.", "scenes": 2, "only": ["text", "image"]}
    job = server.call("author", "POST", f"/api/v1/storyboards/{board['id']}/generate/", body)
    return str(job["id"])


def assert_whole(server: Server, job: dict[str, Any]) -> None:
    assert len(job["results"]) == 1
    film = server.call("author", "GET", job["video_url"])
    assert hashlib.sha256(film).hexdigest() == job["results"][0]["checksum"]
    assert job["results"][0]["frames"] == FRAMES


def assert_filled_in(server: Server, job: dict[str, Any]) -> None:
    board = server.call("author", "GET", f"/api/v1/storyboards/{job['storyboard']}/")
    pictures = [scene["params"]["image"] for scene in board["scenes"] if scene["template"] == "picture"]
    assert pictures and all(pictures)
    made = server.call("author", "GET", f"/api/v1/media/?created_after={job['created_at']}&type=image")["results"]
    assert len([asset for asset in made if asset["id"] in pictures]) == len(pictures)


def assert_each_segment_once(server: Server, point: str) -> None:
    """Films of one segment each: one that was in the cache when its worker died is not rendered again."""
    died_with_it_kept = point in ("segment.kept", "segment.before_commit", "segment.after_commit")
    assert len(server.rendered()) == (1 if point in GENERATION else 2) - died_with_it_kept


def hits(server: Server, point: str) -> int:
    return (Path(server.environment["DATA_DIR"]) / "faults" / point).stat().st_size


def stop(worker: Any) -> None:
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0


def assert_nobody_is_left(server: Server) -> None:
    """Only the web server's own processes."""
    web = server.processes[0].pid
    end = time.monotonic() + 5
    while extra := [
        process for process in server.family() if process.pid != web and web not in [p.pid for p in process.parents()]
    ]:
        assert time.monotonic() < end, extra
        time.sleep(0.05)


def workspaces(server: Server) -> list[str]:
    server.manage("cleanup_workspaces")
    root = Path(server.environment["DATA_DIR"]) / "workspaces"
    return [folder.name for folder in root.iterdir()] if root.is_dir() else []
