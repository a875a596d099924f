"""Imports: the asset is there at once, its bytes come in the background, once, whatever happens on the way."""

from __future__ import annotations

import errno
import hashlib
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from PIL import Image

from media_assets import imports, tasks
from media_assets.exceptions import UrlNotAllowed, WrongState
from media_assets.models import AssetState, MediaAsset, MediaImport
from tests import footage
from tests.base import Api, problem
from tests.media_assets.conftest import files
from tests.media_assets.hostile_source import Source, file, source
from videoserver.work import faults, workspace
from videoserver.work.faults import Fault

pytestmark = pytest.mark.django_db
PLACE = "/api/v1/media/import-from-url/"


@pytest.fixture
def server(settings: Any) -> Iterator[Source]:
    """A source that may be imported from."""
    with source() as made:
        settings.IMPORT_ALLOWED_HOSTS = [made.place]
        yield made


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return footage.film(tmp_path_factory.mktemp("film") / "pier.mp4", seconds=0.5, sound=True).read_bytes()


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("picture") / "pier.jpg"
    Image.new("RGB", (64, 48), "navy").save(path)
    return path.read_bytes()


def work(asset: MediaAsset) -> MediaAsset:
    """What a worker would do, now; also what is to be tried again."""
    for row in asset.imports.filter(finished_at=None):
        MediaImport.objects.filter(pk=row.pk, run_after__isnull=False).update(run_after=Now())
        assert tasks.run_import(str(row.pk))
    asset.refresh_from_db()
    return asset


def test_an_order_is_answered_with_the_asset_that_waits_for_its_bytes(
    author_api: Api, server: Source, film: bytes, library: Path
) -> None:
    url = server.url("/clips/pier.mp4", file(film)) + "?signature=secret"
    prompt = {"aiGenerated": True, "prompt": "a pier", "model": "wan-video/wan-2.5-t2v"}
    response = author_api.post(PLACE, {"url": url, "type": "video", "name": "Pier", "metadata": prompt})
    body = response.json()
    assert (response.status_code, response["Location"]) == (202, f"/api/v1/media/{body['id']}/")
    assert (body["status"], body["type"], body["url"], body["thumbnail_url"], body["size"]) == (
        "uploading", "video", "", None, 0,
    )  # fmt: skip
    assert body["metadata"] == prompt | {"import_job_id": body["id"], "status": "processing"}
    assert body["progress"]["message"] == "Waiting for a worker"
    assert not server.requests, "nothing is fetched in the web server"

    asset = work(MediaAsset.objects.get())
    body = author_api.get(response["Location"]).json()
    assert (body["status"], body["size"], body["checksum"]) == ("ready", len(film), hashlib.sha256(film).hexdigest())
    assert body["url"] and body["thumbnail_url"] and body["metadata"] == prompt
    assert body["file_metadata"]["source_url"] == url.split("?")[0], "a signed URL is a secret"
    assert body["file_metadata"]["imported_at"] and body["file_metadata"]["duration"] == pytest.approx(0.5, abs=0.1)
    assert asset.key.startswith(f"media/{asset.owner_id}/{asset.pk}/original-")
    assert len(files(library)) == 2
    assert workspace.census().count == 0


def test_without_a_name_and_a_type_the_url_and_the_bytes_say_them(server: Source, author: User, picture: bytes) -> None:
    asset = imports.order(server.url("/a%20pier.mp4", file(picture)), author)
    assert (asset.name, asset.type) == ("a pier.mp4", "video")
    assert work(asset).status == AssetState.READY and asset.type == "image"


@pytest.mark.parametrize(
    ("answer", "type", "code", "detail", "tries"),
    [
        (file(b"<html>Sign in</html>"), "video", "not_a_video", "Not a valid video", 1),
        (file(b""), "video", "file_empty", "Downloaded file is empty", 1),
        (file(b"\x00\x00\x00\x1aftypisom" + bytes(20)), "video", "file_too_small", "File too small", 1),
        (
            file(b"gone", status="404 Not Found"),
            "",
            "source_expired",
            "The source URL has expired, generate it again",
            1,
        ),
        (file(b"x", status="500 Oops"), "", "network_error", "Network error: the source answers 500.", 3),
        (file(b"12345", length=9), "", "network_error", "Network error: the connection broke.", 3),
    ],
)
def test_bad_bytes_fail_at_once_and_what_may_pass_is_tried_three_times(
    author_api: Api,
    author: User,
    server: Source,
    library: Path,
    answer: bytes,
    type: str,
    code: str,
    detail: str,
    tries: int,
) -> None:
    asset = imports.order(server.url("/a.mp4", answer), author, type)
    for _ in range(tries):
        assert asset.status == AssetState.UPLOADING
        work(asset)
    assert (asset.status, asset.error_code, asset.error_detail) == ("failed", code, detail)
    assert len(server.requests) == tries
    body = author_api.get(f"/api/v1/media/{asset.pk}/").json()
    assert body["error"] == {"code": code, "detail": detail} and body["metadata"]["status"] == "failed"
    assert files(library) == [] and workspace.census().count == 0


def test_a_picture_where_a_video_was_promised_is_refused(server: Source, author: User, picture: bytes) -> None:
    asset = work(imports.order(server.url("/a.mp4", file(picture)), author, "video"))
    assert (asset.status, asset.error_code) == ("failed", "not_a_video")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a.mp4", "file:///etc/passwd", "http://169.254.169.254/", "a.mp4"])
def test_a_url_that_is_not_allowed_leaves_no_row(author_api: Api, url: str) -> None:
    problem(author_api.post(PLACE, {"url": url}), 422, "url_not_allowed")
    assert not MediaAsset.objects.exists()


def test_a_name_that_does_not_resolve_leaves_no_row(author_api: Api) -> None:
    problem(author_api.post(PLACE, {"url": "http://no-such-host.invalid/a.mp4"}), 422, "network_error")
    assert not MediaAsset.objects.exists()


def test_a_retry_keeps_the_id_and_may_bring_a_fresh_url(
    author_api: Api, server: Source, author: User, film: bytes
) -> None:
    asset = work(imports.order(server.url("/old.mp4", file(b"", status="410 Gone")), author, "video"))
    again = f"/api/v1/media/{asset.pk}/retry/"
    problem(author_api.post(again, {"url": "http://10.0.0.1/"}), 422, "url_not_allowed")
    response = author_api.post(again, {"url": server.url("/fresh.mp4", file(film))})
    assert (response.status_code, response.json()["status"], response.json()["error"]) == (202, "uploading", None)
    assert work(asset).status == AssetState.READY
    problem(author_api.post(again, {}), 409, "wrong_state")
    assert [row.status for row in asset.imports.all()] == ["failed", "completed"]


def test_what_was_uploaded_is_not_imported_again(author: User, pier: MediaAsset) -> None:
    with pytest.raises(WrongState):
        imports.retry(pier)


def test_a_waiting_import_is_canceled_at_once(author_api: Api, server: Source, author: User, film: bytes) -> None:
    asset = imports.order(server.url("/a.mp4", file(film)), author)
    response = author_api.post(f"/api/v1/media/{asset.pk}/cancel/")
    assert (response.status_code, response.json()["status"]) == (202, "failed")
    assert response.json()["error"] == {"code": "canceled", "detail": "The import was canceled."}
    assert author_api.post(f"/api/v1/media/{asset.pk}/cancel/").status_code == 200
    assert not server.requests


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_running_import_is_canceled_while_its_source_is_silent(
    server: Source, author: User, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videoserver.work.row.LOOK_EVERY", 0.0)
    asset = imports.order(server.url("/a.mp4", lambda connection, _request: connection.recv(1)), author, "video")

    def in_the_background() -> None:
        work(asset)
        connection.close()

    working = threading.Thread(target=in_the_background)
    began = time.monotonic()
    working.start()
    while not server.requests:
        time.sleep(0.01)
    assert imports.cancel(asset)
    working.join(10)
    assert not working.is_alive() and time.monotonic() - began < 10
    asset.refresh_from_db()
    assert (asset.status, asset.error_code) == ("failed", "canceled")
    assert workspace.census().count == 0


def test_a_passed_deadline_ends_it(server: Source, author: User, film: bytes) -> None:
    asset = imports.order(server.url("/a.mp4", file(film)), author)
    row = MediaImport.objects.claim(asset.imports.get().pk)
    row.start_clock(imports.deadline("video"))
    row.refresh_from_db()
    assert (row.deadline_at - row.started_at) > timedelta(seconds=1790)
    MediaImport.objects.filter(pk=row.pk).update(deadline_at=Now() - timedelta(seconds=1))
    row._looked = -100.0
    imports.make(row)
    asset.refresh_from_db()
    assert (asset.status, asset.error_code, asset.error_detail) == (
        "failed",
        "processing_timeout",
        "Processing timed out",
    )


def test_deleting_an_asset_cancels_its_import(author_api: Api, server: Source, author: User, film: bytes) -> None:
    asset = imports.order(server.url("/a.mp4", file(film)), author)
    assert author_api.delete(f"/api/v1/media/{asset.pk}/").status_code == 204
    assert asset.imports.get().status == "canceled"
    assert not server.requests


def test_somebody_elses_import_is_not_found(stranger_api: Api, server: Source, author: User, film: bytes) -> None:
    asset = imports.order(server.url("/a.mp4", file(film)), author)
    for deed in ("cancel", "retry"):
        problem(stranger_api.post(f"/api/v1/media/{asset.pk}/{deed}/", {}), 404, "not_found")
    assert asset.imports.get().status == "queued"


def test_a_disallowed_redirect_fails_the_import(server: Source, author: User) -> None:
    answer = file(b"", "Location: http://169.254.169.254/", status="302 Found")
    asset = work(imports.order(server.url("/a.mp4", answer), author))
    assert (asset.status, asset.error_code) == ("failed", "url_not_allowed")


def test_a_url_is_judged_again_when_it_is_fetched(server: Source, author: User, settings: Any, film: bytes) -> None:
    asset = imports.order(server.url("/a.mp4", file(film)), author)
    settings.IMPORT_ALLOWED_HOSTS = []
    assert work(asset).error_code == "url_not_allowed"
    assert not server.requests
    with pytest.raises(UrlNotAllowed):
        imports.order(f"http://{server.place}/a.mp4", author)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_commit_whose_answer_was_lost_keeps_its_file(
    server: Source, author: User, film: bytes, monkeypatch: pytest.MonkeyPatch, library: Path
) -> None:
    monkeypatch.setattr(faults, "ARMED", {"mediaimport.after_commit": Fault("raise")})
    asset = work(imports.order(server.url("/a.mp4", file(film)), author))
    assert asset.status == AssetState.READY
    assert (library / asset.key).read_bytes() == film


def test_a_full_disk_is_not_the_networks_fault(
    server: Source, author: User, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    asset = imports.order(server.url("/a.mp4", file(film)), author)
    monkeypatch.setattr(workspace, "open", full)
    work(asset)
    assert (asset.status, asset.imports.get().error_code) == ("uploading", "storage_full")


def test_an_asset_that_is_deleted_while_it_is_waited_for_is_answered(
    author_api: Api, server: Source, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[MediaAsset] = []
    monkeypatch.setattr(
        "videoserver.web.prefer.time.sleep", lambda _: seen.append(MediaAsset.objects.get()) or seen[0].discard()
    )
    response = author_api.post(PLACE, {"url": server.url("/a.png", file(picture))})
    assert seen and (response.status_code, response.json()["is_deleted"]) == (202, True)


def test_a_rewritten_picture_keeps_the_hash_that_it_came_with(server: Source, author: User, picture: bytes) -> None:
    asset = work(imports.order(server.url("/a.jpg", file(picture)), author))
    assert asset.file_metadata["original_checksum"] == hashlib.sha256(picture).hexdigest() != asset.checksum


def test_owners_take_turns_with_imports_too(server: Source, author: User, stranger: User) -> None:
    url = server.url("/a.mp4", file(b""))
    for _ in range(4):
        imports.order(url, author)
    imports.order(url, stranger)
    assert list(MediaImport.objects.values_list("turn", flat=True)) == [0, 1, 2, 3, 0]
