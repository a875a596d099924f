"""What the operators' page tells to do, done: its own commands, against real servers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.acceptance.server import ROOT, Server
from tests.servers import Postgres
from tests.services import wait_until
from tests.test_docs import section

PAGE = (ROOT / "docs/howto/operators.md").read_text()
FILM = {
    "title": "Kept",
    "width": 160,
    "height": 90,
    "fps": 8,
    "scenes": [{"template": "closing", "duration": 1, "params": {"title": "The end", "call_to_action": "Go on"}}],
}


def blocks(title: str, language: str) -> list[str]:
    """The examples of a section, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", section(title, PAGE), re.S)


def shell(server: Server, code: str, folder: Path, **environment: str) -> str:
    """Run a block of the page as an operator would, with this server's folders for those of the page."""
    code = code.replace(".venv/bin/python manage.py", f"{sys.executable} {ROOT}/manage.py")
    found = os.pathsep.join([*map(str, Path("/usr/lib/postgresql").glob("*/bin")), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        cwd=folder,
        env=server.environment | {"PATH": found, "PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_role_and_the_database_are_enough(postgres: Postgres, tmp_path: Path) -> None:
    [sql] = blocks("Role and database", "sql")
    # The suite's own superuser is called as the page's role is.
    sql = sql.replace("videoserver", "page_role")
    client = [str(postgres.binaries / "psql"), "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "videoserver"]
    subprocess.run(
        [*client, "-v", "ON_ERROR_STOP=1", "postgres"], input=sql, text=True, check=True, capture_output=True
    )
    url = f"postgres://page_role:password@127.0.0.1:{postgres.port}/page_role"
    server = Server(tmp_path, DATABASE_URL=url)
    assert "No migrations to apply" in server.manage("migrate")


@pytest.mark.parametrize("place", [0, 1], ids=["worker", "web"])
def test_systemd_finds_nothing_wrong_with_a_unit(tmp_path: Path, place: int) -> None:
    name = re.findall(r"`/etc/systemd/system/([a-z-]+\.service)`", section("As systemd services", PAGE))[place]
    unit = blocks("As systemd services", "ini")[place]
    assert "WantedBy=multi-user.target" in unit
    stop = re.search(r"TimeoutStopSec=(\d+)", unit)
    assert stop and int(stop[1]) > 15, "longer than our own stop may take"
    assert f"manage.py {'worker' if 'worker' in name else 'web'}" in unit
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed on this machine")
    # The program and the folder of the page are not on this machine.
    here = unit.replace("/srv/videoserver/.venv/bin/python", sys.executable).replace("/srv/videoserver", str(ROOT))
    (tmp_path / name).write_text(here.replace("User=videoserver", "User=root"))
    words = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(tmp_path / name)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (done.returncode, [line for line in done.stderr.splitlines() if name in line]) == (0, [])


class Original:
    """A server on PostgreSQL with a film, and a job that nobody has begun; backed up as the page says."""

    def __init__(self, postgres: Postgres, folder: Path) -> None:
        self.server = Server(folder, DATABASE_URL=postgres.create("original"), WORKERS="1")
        (folder / "backup").mkdir()
        try:
            self.server.start_web()
            worker = self.server.start_worker()
            self.film = self.server.ordered(FILM)
            self.bytes = self.fetch(self.server, self.server.wait_for_film(self.film))
            worker.terminate()
            assert worker.wait(30) == 0
            self.waiting = self.server.ordered(FILM | {"title": "Not yet"})
            shell(self.server, blocks("Backups", "bash")[0], folder)
        finally:
            self.server.stop()

    @staticmethod
    def fetch(server: Server, job: dict[str, Any]) -> bytes:
        content = server.call("author", "GET", f"/api/v1/videos/{job['id']}/combined")
        assert isinstance(content, bytes)
        return content


@pytest.fixture(scope="module")
def original(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Original:
    """Made once: both restores are of the same backup."""
    return Original(postgres, tmp_path_factory.mktemp("original"))


def restored(original: Original, postgres: Postgres, folder: Path, name: str) -> Server:
    """A copy of it with a database and a folder of its own."""
    shutil.copytree(original.server.folder / "backup", folder / "backup")
    shutil.copy(original.server.folder / "backup.dump", folder)
    copy = object.__new__(Server)
    copy.__dict__ |= original.server.__dict__
    copy.folder, copy.log, copy.processes = folder, folder / "worker.log", []
    copy.environment = original.server.environment | {
        "DATA_DIR": str(folder / "var"),
        "DATABASE_URL": postgres.create(name),
    }
    (folder / "var").mkdir()
    shutil.copy(original.server.folder / "var/secret_key", folder / "var")
    shell(copy, blocks("Restore", "bash")[0], folder)
    return copy


def test_a_restored_copy_has_the_film_and_its_worker_goes_on(
    original: Original, postgres: Postgres, tmp_path: Path
) -> None:
    copy = restored(original, postgres, tmp_path, "copy_that_works")
    try:
        copy.start_web()
        assert original.fetch(copy, copy.job(original.film)) == original.bytes
        copy.start_worker()
        copy.wait_for_film(original.waiting)
    finally:
        copy.stop()


def test_a_copy_whose_work_was_canceled_begins_none(original: Original, postgres: Postgres, tmp_path: Path) -> None:
    copy = restored(original, postgres, tmp_path, "copy_that_rests")
    try:
        shell(copy, blocks("Restore", "bash")[1], tmp_path)
        copy.start_web()
        assert copy.job(original.waiting)["status"] == "canceled"
        copy.start_worker()
        wait_until(lambda: "The cluster of render starts" in copy.log.read_text(), "the worker")
        film = copy.ordered(FILM | {"title": "Anew"})
        copy.wait_for_film(film)
        assert copy.job(original.waiting)["status"] == "canceled"
        assert f"Job {original.waiting}" not in copy.log.read_text()
    finally:
        copy.stop()


def test_a_new_secret_key_ends_sessions_and_no_work(tmp_path: Path) -> None:
    server = Server(tmp_path, SECRET_KEY="the old one " * 5, WORKERS="1")
    made = "from django.test import Client; from django.contrib.auth.models import User; c = Client()"
    made += "; c.force_login(User.objects.get(username='reviewer')); print(c.cookies['sessionid'].value)"
    session = server.manage("shell", "-v0", "-c", made).strip()
    try:
        web = server.start_web()
        assert status(server, session) == 200
        job = server.ordered(FILM)  # its message is signed with the old key
        web.terminate()
        assert web.wait(30) == 0
        server.environment |= {"SECRET_KEY": "the new one " * 5}
        server.manage("adopt_secret_key")
        server.start_web()
        server.start_worker()
        assert status(server, session) == 302, "to the login"
        server.wait_for_film(job, 60)
    finally:
        server.stop()


def status(server: Server, session: str) -> int:
    """What the admin answers to who has that session."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/admin/", headers={"Cookie": f"sessionid={session}"}
    )
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_a_lost_password_is_changed(tmp_path: Path) -> None:
    server = Server(tmp_path)
    command, find = (block.strip() for block in blocks("A lost password", "bash"))
    server.manage("shell", "-v0", "-c", "from videoserver.management.commands.serve import first_admin; first_admin()")
    assert "('admin', True)" in shell(
        server, find.replace("\n.venv/bin/python manage.py createsuperuser", ""), tmp_path
    )
    words = command.replace(".venv/bin/python", sys.executable).split()
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=server.environment,
        input="a brand new one\na brand new one\n",
        text=True,
        capture_output=True,
        start_new_session=True,  # without a terminal it reads the password from stdin
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    check = "from django.contrib.auth import authenticate as a; print(a(username='admin', password='a brand new one'))"
    assert server.manage("shell", "-v0", "-c", check).strip() == "admin"


def test_connections_stay_below_what_the_page_says(postgres: Postgres, tmp_path: Path) -> None:
    told = section("Connections and memory", PAGE)
    assert "| `web` | `WEB_THREADS` + 4 |" in told and "| `worker` | 1 + Q × (`WORKERS` + 3) |" in told
    threads, workers, queues = 6, 2, 3
    server = Server(tmp_path, DATABASE_URL=postgres.create("counted"), WORKERS=str(workers), WEB_THREADS=str(threads))
    client = [str(postgres.binaries / "psql"), "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "videoserver", "-Atc"]
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'counted' AND pid <> pg_backend_pid()"
    seen = []
    try:
        server.start_web()
        server.start_worker()
        jobs = [server.ordered(FILM | {"title": str(number)}) for number in range(4)]

        def done() -> bool:
            seen.append(int(subprocess.check_output([*client, count, "counted"])))
            return all(server.job(job)["status"] == "completed" for job in jobs)

        wait_until(done, "four films", 90)
    finally:
        server.stop()
    assert 5 < max(seen) <= threads + 4 + 1 + queues * (workers + 3)
