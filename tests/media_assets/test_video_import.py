"""A film is imported from a loopback server through the API and a real worker; a picture is waited for."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from PIL import Image

from tests import footage
from tests.acceptance.server import Server
from tests.media_assets.hostile_source import file, source
from tests.services import wait_until


def test_a_film_and_a_picture_come_from_elsewhere(tmp_path: Path) -> None:
    film = footage.film(tmp_path / "film.mp4", seconds=1, sound=True).read_bytes()
    Image.new("RGB", (64, 48), "navy").save(tmp_path / "picture.png")
    with source() as origin:
        server = Server(tmp_path, IMPORT_ALLOWED_HOSTS=origin.place, WORKERS="1")
        server.start_web()
        worker = server.start_worker()
        try:
            place = "/api/v1/media/import-from-url/"
            body = {"url": origin.url("/film.mp4", file(film)), "type": "video"}
            asset = server.call("author", "POST", place, body, {"Idempotency-Key": "once"})
            assert (asset["status"], asset["metadata"]["import_job_id"]) == ("uploading", asset["id"])
            again = server.call("author", "POST", place, body, {"Idempotency-Key": "once"})
            assert again["id"] == asset["id"]
            own = f"/api/v1/media/{asset['id']}/"
            wait_until(lambda: server.call("author", "GET", own)["status"] == "ready", "the film")
            bytes_kept = server.call("author", "GET", server.call("author", "GET", own)["url"])
            assert hashlib.sha256(bytes_kept).digest() == hashlib.sha256(film).digest()
            assert len(origin.requests) == 1

            began = time.monotonic()
            answer = file((tmp_path / "picture.png").read_bytes())
            picture = server.call("author", "POST", place, {"url": origin.url("/picture.png", answer)})
            assert (picture["status"], picture["type"]) == ("ready", "image")
            assert time.monotonic() - began < 10
        finally:
            worker.terminate()
            worker.wait(30)
            server.stop()
