"""Two machines and one database: who has another storage or another secret does no work, and everybody says so."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.server import ROOT, Server
from tests.acceptance.test_database_away import ask
from tests.servers import Postgres
from tests.services import wait_until

ORDER = {"params": {"title": "Bye", "call_to_action": "Come"}}
SECRET = "of the two machines, which is long enough"
SEEN = 45.0
"""Seconds until a vanished folder is seen: a beat of 10 s and a kept answer of 10 s, on a busy machine."""


@pytest.fixture
def server(postgres: Postgres, tmp_path: Path) -> Iterator[Server]:
    """The machine that has the shared folder."""
    url = postgres.create(f"other_{tmp_path.name[-20:]}".replace("-", "_").lower())
    server = Server(tmp_path, DATABASE_URL=url, SECRET_KEY=SECRET)
    server.start_web()
    yield server
    server.stop()


def second(server: Server, tmp_path: Path, **environment: str) -> dict[str, str]:
    """The environment of a machine whose folder is not mounted."""
    return {"DATA_DIR": str(tmp_path / "second"), "WORKER_NAME": "blue", **environment}


def order(server: Server) -> str:
    return str(server.call("author", "POST", "/api/v1/templates/closing/render/", ORDER)["id"])


def doctor(server: Server, check: str) -> dict[str, object]:
    """One check's finding."""
    script = (
        "import json; from videoserver import doctor; "
        f"print(json.dumps(doctor.finding({check!r}, doctor.CHECKS[{check!r}]).as_dict()))"
    )
    return dict(json.loads(server.manage("shell", "-v0", "-c", script)))


def ready(server: Server) -> tuple[int, dict[str, dict[str, object]]]:
    status, text, _ = ask(server, "/health/ready")
    return status, json.loads(text)["checks"]


def test_a_worker_without_the_shared_folder_renders_nothing_until_it_is_mounted(server: Server, tmp_path: Path) -> None:
    server.call("author", "GET", "/api/v1/jobs/")
    first = server.upload("author", picture(tmp_path))  # makes the storage known
    log = tmp_path / "blue.log"
    blue = server.start("worker", log, **second(server, tmp_path))
    wait_until(lambda: "This worker does no work: This server's storage is not" in log.read_text(), "the refusal")
    job = order(server)
    wait_until(lambda: not doctor(server, "machines")["ok"], "the doctor's finding")
    finding = doctor(server, "machines")
    assert "blue (0.1.0, PyAV" in str(finding["detail"]) and "does no work" in str(finding["detail"])
    assert server.job(job)["status"] == "queued"
    assert blue.poll() is None
    assert not list((tmp_path / "second/media").rglob("*")), "nothing was written beside the mount"
    # The mount comes back: a link, as the documents say.
    shutil.rmtree(tmp_path / "second/media", ignore_errors=True)
    (tmp_path / "second/media").symlink_to(tmp_path / "var/media", target_is_directory=True)
    wait_until(lambda: "This worker works again" in log.read_text(), "its work", SEEN)
    film = server.wait_for_film(job)
    assert server.call("author", "GET", f"/api/v1/media/{first['id']}/data")
    assert film["status"] == "completed"
    found = doctor(server, "machines")
    assert found["ok"], found


def test_a_folder_that_vanishes_is_told_and_no_film_is_a_404(server: Server, tmp_path: Path) -> None:
    asset = server.upload("author", picture(tmp_path))
    path = f"/api/v1/media/{asset['id']}/data"
    assert server.call("author", "GET", path)
    (tmp_path / "var/media").rename(tmp_path / "var/unmounted")
    (tmp_path / "var/media").mkdir()
    status, text, retry = ask(server, path)
    assert (status, json.loads(text)["code"], retry) == (503, "storage_mismatch", "60")
    wait_until(lambda: ready(server)[0] == 503, "ready's 503", SEEN)
    assert "storage is not the one" in str(ready(server)[1]["storage"]["detail"])
    status, text, _ = ask(server, "/api/v1/templates/closing/render/", ORDER)
    assert (status, json.loads(text)["code"]) == (503, "storage_mismatch")
    assert not list((tmp_path / "var/media").rglob("*")), "no second identity is made"
    refused = doctor(server, "storage")
    assert not refused["ok"] and "adopt_storage" in str(refused["cure"])
    assert "holds too few of the files" in fails(server, "adopt_storage")
    (tmp_path / "var/media").rmdir()
    (tmp_path / "var/unmounted").rename(tmp_path / "var/media")
    assert server.call("author", "GET", path)
    assert ask(server, "/api/v1/templates/closing/render/", ORDER)[0] == 202


def test_another_secret_does_no_work_until_it_is_adopted(server: Server, tmp_path: Path) -> None:
    server.upload("author", picture(tmp_path))
    log, rotated = tmp_path / "blue.log", {"SECRET_KEY": "another secret that is long enough, too"}
    server.start("worker", log, WORKER_NAME="blue", **rotated)
    wait_until(lambda: "The SECRET_KEY of this process is not the one" in log.read_text(), "the refusal")
    assert rotated["SECRET_KEY"] not in log.read_text() and SECRET not in log.read_text()
    server.environment |= rotated
    server.manage("adopt_secret_key")
    wait_until(lambda: "This worker works again" in log.read_text(), "its work", SEEN)
    wait_until(lambda: ready(server)[0] == 503, "the web server with the old one", SEEN)
    assert "SECRET_KEY" in str(ready(server)[1]["database"]["detail"])
    status, text, _ = ask(server, "/api/v1/templates/closing/render/", ORDER)
    assert (status, json.loads(text)["code"]) == (503, "secret_mismatch")


def test_a_copied_storage_has_the_identity_but_not_the_workers_notes(server: Server, tmp_path: Path) -> None:
    server.upload("author", picture(tmp_path))
    shutil.copytree(tmp_path / "var/media", tmp_path / "second/media")
    log = tmp_path / "blue.log"
    server.start("worker", log, **second(server, tmp_path))
    wait_until(lambda: bool(list((tmp_path / "second/media/workers").glob("*.txt"))), "its note", SEEN)
    wait_until(lambda: not doctor(server, "machines")["ok"], "the doctor's finding", SEEN)
    assert "is not in the one of this machine" in str(doctor(server, "machines")["detail"])


def fails(server: Server, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=server.environment, capture_output=True, text=True
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    return done.stderr


def picture(folder: Path) -> Path:
    path = folder / "picture.png"
    Image.radial_gradient("L").save(path)
    return path
