"""The web server's table: `python -m tests.bench.http [--seconds 30] [--command …]`, also `make bench-http`.

200 connections of one bad manner at a time, and 20 job reads a second beside them; then plain reads and a download
without them. Another server is measured with `--command`: a command line with {port} in it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from tests.acceptance.server import Server
from tests.bench.session import ROOT, Row, say, table
from tests.services import wait_until
from tests.slow_clients import (
    Manner,
    dripping_body,
    endless_chunks,
    idle_after_an_answer,
    reader_of,
    silence,
    slow_clients,
    unfinished_headers,
)

REPORT = ROOT / "var" / "bench" / "http.json"
CLIENTS = 200
READS_PER_SECOND = 20
FILM = 300 * 1024**2
ROWS = """
import hashlib, sys
from pathlib import Path
from django.conf import settings
from django.contrib.auth.models import User
from media_assets.models import MediaAsset
from rendering.models import Storyboard
size, owner = %d, User.objects.get(username="author")
place = settings.DATA_DIR / "media" / "bench" / "film.mp4"
place.parent.mkdir(parents=True, exist_ok=True)
with place.open("wb") as file:
    file.truncate(size)
film = MediaAsset.objects.create(owner=owner, name="film", type="video", status="ready", key="bench/film.mp4",
    size=size, content_type="video/mp4", checksum="0" * 64)
print("FILM", film.pk)
"""
SCENES = 200
WORDS = "Words that nobody reads, over and over again. " * 8


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--command", default="", help="another server's command line, with {port} in it")
    parser.add_argument("--only", action="append", default=[], help="a manner, by name; may be repeated")
    parser.add_argument("--report", type=Path, default=REPORT)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-http-") as folder:
        site = Site(Path(folder), options.command)
        try:
            rows = site.measure(options.seconds, options.only)
        finally:
            site.server.stop()
    say(table(rows, options.report.resolve()))
    report = {"at": datetime.now().astimezone().isoformat(), "command": options.command or "manage.py web"}
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(report | {"rows": [vars(row) | {"met": row.met} for row in rows]}, indent=1))
    return 0


class Site:
    """A server with a job, a film and a long storyboard in it."""

    def __init__(self, folder: Path, command: str) -> None:
        # No limit on calls: what is measured is the server, and all callers share one machine.
        self.server = Server(folder, API_RATE="")
        self.port, self.key = self.server.port, self.server.keys["author"]
        if command:
            words = shlex.split(command.format(port=self.port))
            with (folder / "web.log").open("ab") as log:
                self.web = subprocess.Popen(words, cwd=ROOT, env=self.server.environment, stdout=log, stderr=log)
            self.server.processes.append(self.web)
            wait_until(self.server.answers, "the web server")
        else:
            self.web = self.server.start_web()
        self.film = self.server.manage("shell", "-v0", "-c", ROWS % FILM).split()[-1]
        board = self.order_board()
        self.job, self.board = board

    def order_board(self) -> tuple[str, str]:
        scene = {
            "template": "announcement",
            "duration": 5,
            "params": {"title": "News", "body": WORDS},
            "caption": WORDS,
        }
        document = {"title": "Long", "scenes": [scene] * SCENES}
        call = self.server.call
        board = call("author", "POST", "/api/v1/storyboards/", document)
        path = f"/api/v1/storyboards/{board['id']}"
        call("author", "POST", f"{path}/submit/", {})
        job = call("reviewer", "POST", f"{path}/approve/", {"revision": board["revision"], "render": True})
        return str(job["id"]), str(board["id"])

    def manners(self) -> dict[str, Manner]:
        return {
            "silence": silence(),
            "unfinished headers": unfinished_headers(),
            "idle keep-alive": idle_after_an_answer(),
            "dripping body, no key": dripping_body(),
            "dripping body, with key": dripping_body(self.key),
            "endless chunks": endless_chunks(self.key),
            "film never read": reader_of(f"/api/v1/media/{self.film}/data/", self.key),
            "long JSON never read": reader_of(f"/api/v1/storyboards/{self.board}/", self.key),
            "long JSON read by bytes": reader_of(f"/api/v1/storyboards/{self.board}/", self.key, reads=1),
            "event streams": reader_of(f"/api/v1/jobs/{self.job}/events/", self.key, reads=65536),
        }

    def measure(self, seconds: float, only: list[str]) -> list[Row]:
        rows = []
        self.reads(2)  # what is loaded at the first request is no growth
        for name, manner in self.manners().items():
            if only and name not in only:
                continue
            before = self.memory()
            with slow_clients(self.port, manner, CLIENTS) as clients:
                took, failed, most = self.reads(seconds)
            p99 = sorted(took)[int(len(took) * 0.99) - 1] if took else 99.0
            note = f"{len(took)} reads, {failed} failed; {clients.opened} connections opened"
            rows.append(Row(f"p99 of reads beside {CLIENTS}: {name}", round(p99 * 1000), 200, True, "ms", note))
            rows.append(Row(f"memory beside {CLIENTS}: {name}", round((most - before) / 2**20, 1), 50, True, "MB"))
            rows.append(Row(f"failed reads beside {CLIENTS}: {name}", failed, 0, True, ""))
            say(f"  {name:<26} p99 {p99 * 1000:6.0f} ms, {(most - before) / 2**20:5.1f} MB, {note}")
        rows.append(Row("plain reads", round(self.plain()), 0, False, "/s"))
        rows.append(Row("download of 300 MB", round(self.download()), 0, False, "MB/s"))
        return rows

    def reads(self, seconds: float) -> tuple[list[float], int, float]:
        """20 job reads a second, each on a connection of its own."""
        took: list[float] = []
        failures: list[str] = []
        most = self.memory()
        readers = []
        begun = time.monotonic()
        for number in range(int(seconds * READS_PER_SECOND)):
            time.sleep(max(0.0, begun + number / READS_PER_SECOND - time.monotonic()))
            reader = threading.Thread(target=self.read, args=(took, failures), daemon=True)
            reader.start()
            readers.append(reader)
            if number % READS_PER_SECOND == 0:
                most = max(most, self.memory())
        for reader in readers:
            reader.join(10)
        return took, int(seconds * READS_PER_SECOND) - len(took), max(most, self.memory())

    def read(self, took: list[float], failures: list[str]) -> None:
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", f"/api/v1/jobs/{self.job}/", headers={"X-API-Key": self.server.keys["reviewer"]})
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                took.append(time.monotonic() - begun)
        except OSError as error:
            failures.append(str(error))
        finally:
            connection.close()

    def plain(self) -> float:
        """Job reads a second, on eight connections that stay."""
        counts: list[int] = []

        def run() -> None:
            connection, done = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20), 0
            until = time.monotonic() + 5
            while time.monotonic() < until:
                connection.request("GET", f"/api/v1/jobs/{self.job}/", headers={"X-API-Key": self.key})
                connection.getresponse().read()
                done += 1
            counts.append(done)

        in_threads(run, 8)
        return sum(counts) / 5

    def download(self) -> float:
        """MB a second of a whole film, the best of three."""
        best = 0.0
        for _ in range(3):
            begun = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            connection.request("GET", f"/api/v1/media/{self.film}/data/", headers={"X-API-Key": self.key})
            answer = connection.getresponse()
            size = 0
            buffer = memoryview(bytearray(1024**2))
            while got := answer.readinto(buffer):
                size += got
            assert size == FILM, size
            best = max(best, size / 1e6 / (time.monotonic() - begun))
        return best

    def memory(self) -> float:
        """Of the server and its children, without what they share."""
        whole = [psutil.Process(self.web.pid), *psutil.Process(self.web.pid).children(recursive=True)]
        return float(sum(process.memory_full_info().uss for process in whole))


def in_threads(work: Callable[[], Any], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
