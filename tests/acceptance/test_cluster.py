"""Machines that share one database and one storage: real workers, each with a disk of its own, make one film."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests import footage
from tests.acceptance.server import Server
from tests.services import wait_until

SCENES = 20
FRAMES = 12

Site = Callable[..., Server]


@pytest.fixture
def site(postgres_url: str, tmp_path: Path) -> Iterator[Site]:
    """`site(RENDER_CLUSTER="farm")` is a web server on a database of its own, without a worker."""
    servers: list[Server] = []

    def start(**environment: str) -> Server:
        name = f"cluster_{uuid4().hex[:8]}"
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        url = postgres_url.rsplit("/", 1)[0] + f"/{name}"
        shared = {"DATABASE_URL": url, "SECRET_KEY": "of all machines", "WORKERS": "1"}
        server = Server(tmp_path, **(shared | environment))
        servers.append(server)
        server.start_web()
        server.log.touch()
        return server

    yield start
    for server in servers:
        server.stop()


class Machine:
    """A worker with a DATA_DIR of its own, and the storage of the site."""

    def __init__(self, site: Server, name: str, *words: str, **environment: str) -> None:
        self.site, self.name = site, name
        folder = site.folder / name
        folder.mkdir()
        media = Path(site.environment["DATA_DIR"]) / "media"
        media.mkdir(exist_ok=True)
        (folder / "media").symlink_to(media)
        self.log = site.folder / f"{name}.log"
        own = {"DATA_DIR": str(folder), "WORKER_NAME": name}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "worker", "--reap-every", "0.5", *words],
                cwd=Path(__file__).resolve().parents[2],
                env=site.environment | own | environment,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        site.processes.append(self.process)

    def said(self, pattern: str) -> list[str]:
        return re.findall(pattern, self.log.read_text())

    def rendered(self) -> list[int]:
        return [int(number) for number in self.said(r"Segment (\d+) rendered")]


def answer(site: Server, *queues: str) -> None:
    """Wait until workers have answered for so many queues, named as often as they are served."""
    asked = "SELECT queue FROM work_worker WHERE canary_at > now() - interval '1 minute'"
    wait_until(lambda: sorted(rows(site, asked)) == sorted(queues), f"answers for {queues}", 60)


def rows(site: Server, statement: str) -> list[Any]:
    with psycopg.connect(site.environment["DATABASE_URL"], autocommit=True) as connection:
        return [row[0] for row in connection.execute(statement).fetchall()]


def document(site: Server, folder: Path, scenes: int = SCENES, quality: str = "480p") -> dict[str, Any]:
    pictures = [footage.picture(folder / f"{n}.png", (1280, 720), n, seed=n) for n in range(scenes)]
    return {
        "title": "Shared",
        "quality": quality,
        "fps": FRAMES,
        "scenes": [
            {
                "template": "picture",
                "duration": 1,
                "params": {"image": site.upload("author", picture)["id"], "motion": "zoom_in"},
            }
            for picture in pictures
        ],
    }


def test_two_workers_share_one_job(site: Site, tmp_path: Path) -> None:
    here = site()
    machines = [Machine(here, name) for name in ("left", "right")]
    answer(here, *2 * ("default", "media_import", "render"))
    pk = here.ordered(document(here, tmp_path))
    job = here.wait_for_film(pk)
    shares = [machine.rendered() for machine in machines]
    assert all(shares), "both have rendered"
    assert sorted(shares[0] + shares[1]) == list(range(1, SCENES + 1)), "each segment once"
    assert sorted(set(rows(here, "SELECT rendered_by FROM rendering_segment"))) == ["left", "right"]
    joins = [len(machine.said("Video rendered successfully")) for machine in machines]
    assert sorted(joins) == [0, 1]
    joiner, other = (machines[i] for i in (joins.index(1), joins.index(0)))
    received = joiner.said(r"Finished receiving from render worker: (\d+) chunks, (\d+) total bytes")
    assert len(received) == len(other.rendered())
    film = here.call("author", "GET", job["video_url"])
    assert hashlib.sha256(film).hexdigest() == job["results"][0]["checksum"]
    assert job["results"][0]["frames"] == SCENES * FRAMES
    assert job["warnings"] == []


@pytest.mark.parametrize("broker", ["database", "redis"])
def test_a_render_cluster_renders_dies_and_comes_back(
    site: Site, tmp_path: Path, broker: str, request: pytest.FixtureRequest
) -> None:
    redis = {"BROKER_URL": request.getfixturevalue("redis_url")} if broker == "redis" else {}
    here = site(RENDER_CLUSTER="farm", **redis)
    near = Machine(here, "near")
    far = Machine(here, "far", "--cluster", "farm")
    usual = ("default", "media_import", "render")
    answer(here, *usual, "farm")
    film = document(here, tmp_path, scenes=6)
    here.wait_for_film(here.ordered(film))
    assert (sorted(far.rendered()), near.rendered()) == ([1, 2, 3, 4, 5, 6], [])

    pk = here.ordered(film | {"title": "Interrupted", "quality": "720p"})
    wait_until(lambda: len(far.rendered()) > 6, "a segment of the second film", 60)
    far.process.kill()
    time_passes(here, "farm")
    job = here.wait_for_film(pk)
    assert near.rendered(), "what it had, and what waited there, is rendered here"
    assert job["warnings"] == ["The render cluster farm does not answer; what it had to render is rendered here."]

    rendered = near.rendered()
    back = Machine(here, "back", "--cluster", "farm")
    answer(here, *usual, "farm")
    assert here.wait_for_film(here.ordered(film | {"title": "Again", "quality": "draft"}))["warnings"] == []
    assert (len(back.rendered()), near.rendered()) == (6, rendered)


def time_passes(site: Server, queue: str) -> None:
    """So much that nobody believes in a worker that said nothing since."""
    with psycopg.connect(site.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(
            "UPDATE work_worker SET beat_at = '2020-01-01', canary_at = '2020-01-01' WHERE queue = %s", [queue]
        )
