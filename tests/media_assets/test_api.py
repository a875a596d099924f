"""The library over HTTP."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from media_assets.models import AssetState, Folder, MediaAsset
from rendering.models import AssetUse, Storyboard
from tests import footage
from tests.base import Api, problem
from tests.media_assets.conftest import files

MEDIA, FOLDERS = "/api/v1/media", "/api/v1/folders"
KEYS = {
    "id", "name", "type", "status", "url", "thumbnail_url", "preview_url", "size", "content_type", "checksum",
    "file_metadata", "folder", "tags", "owner", "is_deleted", "progress", "error", "import_job_id", "metadata",
    "created_at", "updated_at", "urls",
}  # fmt: skip


def send(api: Api, path: Path, slash: str = "/", **form: Any) -> Any:
    with path.open("rb") as file:
        return api.post(f"{MEDIA}{slash}", {"file": file, **form}, format="multipart")


def whole(response: Any) -> bytes:
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("slash", ["", "/"])
def test_upload_look_download(author_api: Api, tmp_path: Path, slash: str) -> None:
    film = footage.film(tmp_path / "pier.mp4", sound=True)
    made = send(author_api, film, slash, tags=["sea", "boats", "sea"], metadata=json.dumps({"shot": 7}))
    assert made.status_code == 201, made.content
    asset = made.json()
    assert set(asset) == KEYS
    assert made["Location"] == f"{MEDIA}/{asset['id']}/" == asset["urls"]["self"]
    assert (asset["name"], asset["type"], asset["status"], asset["owner"]) == ("pier.mp4", "video", "ready", "author")
    assert asset["checksum"] == hashlib.sha256(film.read_bytes()).hexdigest()
    assert (asset["size"], asset["content_type"]) == (film.stat().st_size, "video/mp4")
    assert asset["progress"] == {"bytes_done": asset["size"], "bytes_total": asset["size"], "message": ""}
    assert (asset["tags"], asset["metadata"], asset["error"], asset["folder"]) == (
        ["sea", "boats"],
        {"shot": 7},
        None,
        None,
    )
    facts = asset["file_metadata"]
    assert (facts["duration"], facts["width"], facts["height"], facts["frame_rate"]) == (1.0, 320, 180, 30.0)
    assert (facts["codec"], facts["format"], facts["source_url"], facts["imported_at"]) == ("h264", "mp4", None, None)
    assert author_api.get(f"{MEDIA}/{asset['id']}{slash}").json() == asset

    data = author_api.get(asset["url"] + slash, HTTP_ACCEPT="video/*")
    assert data.status_code == 200 and data["ETag"] == f'"{asset["checksum"][:32]}"'
    assert whole(data) == film.read_bytes()
    part = author_api.get(asset["url"], HTTP_RANGE="bytes=-4")
    assert part.status_code == 206 and whole(part) == film.read_bytes()[-4:]
    head = author_api.head(asset["url"])
    assert head.status_code == 200 and head["Content-Length"] == str(asset["size"]) and head.content == b""
    small = author_api.get(asset["thumbnail_url"])
    assert small["Content-Type"] == "image/jpeg" and whole(small).startswith(b"\xff\xd8\xff")
    again = author_api.get(asset["thumbnail_url"], HTTP_IF_NONE_MATCH=small["ETag"])
    assert again.status_code == 304


@pytest.mark.parametrize(
    "metadata",
    ['{"a": "\\ud800"}', '{"a": NaN}', '{"a": 1e999}', '{"a": "\\u0000"}', '{"a":' * 900 + "1" + "}" * 900, "[]"],
    ids=["half a pair", "no number", "infinite", "NUL", "deep", "a list"],
)
def test_metadata_that_cannot_be_stored_or_read_back_is_refused_and_nothing_is_kept(
    author_api: Api, tmp_path: Path, library: Path, metadata: str
) -> None:
    response = send(author_api, footage.picture(tmp_path / "x.png", (32, 18)), metadata=metadata)
    body = problem(response, 400, "validation_error")
    assert [error["pointer"] for error in body["errors"]] == ["/metadata"]
    assert author_api.get(f"{MEDIA}/").json()["results"] == []
    assert not files(library)


def test_a_sound_has_no_thumbnail(author_api: Api, tmp_path: Path) -> None:
    asset = send(author_api, footage.tone(tmp_path / "a.mp3")).json()
    assert (asset["type"], asset["thumbnail_url"]) == ("audio", None)
    problem(author_api.get(f"{MEDIA}/{asset['id']}/thumbnail"), 404, "not_found")


@pytest.mark.parametrize(
    ("name", "data", "status", "code", "sentence"),
    [
        ("a.mp4", b"", 422, "file_empty", "Downloaded file is empty"),
        ("a.mp4", b"\0\0\0\x1aftypisom\0\0\2\0isomiso2", 422, "file_too_small", "File too small"),
        ("a.mp4", b"<html>" * 900, 422, "not_a_video", "Not a valid video"),
        ("a.png", b"<svg/>" * 900, 422, "unexpected_type", None),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"0" * 900, 422, "media_processing_failed", "FFmpeg processing failed"),
    ],
)
def test_a_bad_file_is_refused_with_its_sentence(
    author_api: Api, library: Path, name: str, data: bytes, status: int, code: str, sentence: str | None
) -> None:
    response = author_api.post(f"{MEDIA}/", {"file": SimpleUploadedFile(name, data)}, format="multipart")
    said = problem(response, status, code)
    assert sentence is None or said["detail"] == sentence
    assert not MediaAsset.objects.exists() and not files(library)


def test_a_large_file_is_refused_while_it_comes_in(author_api: Api, library: Path, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 1024
    for size in (1025, 3_000_000):  # by its own count, and by what the form says of itself
        response = author_api.post(f"{MEDIA}/", {"file": SimpleUploadedFile("a.wav", b"0" * size)}, format="multipart")
        problem(response, 413, "too_large")
    assert not files(library)


def test_every_wrong_field_of_an_upload_is_named(author_api: Api, stranger: User, tmp_path: Path) -> None:
    foreign = Folder.objects.create(owner=stranger, name="Theirs")
    response = send(author_api, footage.tone(tmp_path / "a.wav"), folder=str(foreign.pk), metadata="[1]", name="///")
    wrong = {error["pointer"] for error in problem(response, 400, "validation_error")["errors"]}
    assert wrong == {"/folder", "/metadata", "/name"}
    missing = problem(author_api.post(f"{MEDIA}/", {}, format="multipart"), 400, "validation_error")
    assert missing["errors"][0]["pointer"] == "/file"
    assert not MediaAsset.objects.exists()


def test_the_same_upload_twice_with_one_key_makes_one_asset(author_api: Api, tmp_path: Path) -> None:
    tone = footage.tone(tmp_path / "a.wav")
    author_api.credentials(HTTP_X_API_KEY=author_api.key_text, HTTP_IDEMPOTENCY_KEY="k1")
    first, second = send(author_api, tone), send(author_api, tone)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second["Idempotent-Replayed"] == "true" and first.json() == second.json()
    assert MediaAsset.objects.count() == 1


def test_name_folder_tags_and_metadata_can_be_changed_and_nothing_else(author_api: Api, pier: MediaAsset) -> None:
    folder = author_api.post(f"{FOLDERS}/", {"name": "Boats"}).json()
    changes = {
        "name": "Old\u202e pier",
        "folder": folder["id"],
        "tags": ["sea"],
        "metadata": {"a": 1},
        "size": 1,
        "owner": "x",
    }
    response = author_api.patch(f"{MEDIA}/{pier.pk}", changes)
    assert response.status_code == 200, response.content
    asset = response.json()
    assert (asset["name"], asset["folder"], asset["tags"], asset["metadata"]) == (
        "Old pier",
        folder["id"],
        ["sea"],
        {"a": 1},
    )
    assert (asset["size"], asset["owner"], asset["checksum"]) == (pier.size, "author", pier.checksum)
    assert author_api.patch(f"{MEDIA}/{pier.pk}/", {"folder": None}).json()["folder"] is None
    for wrong in ({"metadata": []}, {"metadata": {"a": "x" * 17_000}}, {"tags": "sea"}, {"folder": "nowhere"}):
        problem(author_api.patch(f"{MEDIA}/{pier.pk}/", wrong), 400, "validation_error")
    problem(author_api.put(f"{MEDIA}/{pier.pk}/", {"name": "x"}), 405, "method_not_allowed")


def test_a_deleted_asset_is_gone_for_everybody(author_api: Api, pier: MediaAsset, library: Path) -> None:
    assert author_api.delete(f"{MEDIA}/{pier.pk}/").status_code == 204
    for path in ("", "/data", "/thumbnail"):
        problem(author_api.get(f"{MEDIA}/{pier.pk}{path}"), 404, "not_found")
    assert author_api.get(f"{MEDIA}/").json()["results"] == []
    problem(author_api.delete(f"{MEDIA}/{pier.pk}/"), 404, "not_found")
    assert (library / pier.key).exists()


def test_an_asset_in_use_stays(author: User, author_api: Api, pier: MediaAsset) -> None:
    board = Storyboard.objects.create(owner=author, last_editor=author, title="Harbour tour")
    AssetUse.objects.create(storyboard=board, asset=pier, role="video")
    problem(author_api.delete(f"{MEDIA}/{pier.pk}/"), 409, "asset_in_use")
    assert author_api.get(f"{MEDIA}/{pier.pk}/").status_code == 200


def test_an_asset_that_is_not_ready_says_so(author: User, author_api: Api) -> None:
    asset = MediaAsset.objects.create(owner=author, name="a.mp4", type="video", status=AssetState.UPLOADING)
    body = author_api.get(f"{MEDIA}/{asset.pk}/").json()
    assert (body["status"], body["url"], body["thumbnail_url"], body["size"]) == ("uploading", "", None, 0)
    assert body["metadata"] == {"import_job_id": str(asset.pk), "status": "processing"}
    assert body["import_job_id"] == str(asset.pk)
    problem(author_api.get(f"{MEDIA}/{asset.pk}/data"), 409, "asset_not_ready")
    asset.become(AssetState.FAILED, error_code="network_error", error_detail="Network error: reset")
    body = author_api.get(f"{MEDIA}/{asset.pk}/").json()
    assert body["error"] == {"code": "network_error", "detail": "Network error: reset"}
    assert body["metadata"]["status"] == "failed"


def test_bytes_that_are_not_the_stored_ones_are_never_given_out(
    author_api: Api, pier: MediaAsset, library: Path
) -> None:
    with (library / pier.key).open("ab") as file:
        file.write(b"more")
    problem(author_api.get(f"{MEDIA}/{pier.pk}/data"), 500, "input_gone")
    (library / pier.key).unlink()
    problem(author_api.get(f"{MEDIA}/{pier.pk}/data"), 404, "input_gone")


def test_foreign_assets_are_unknown_and_staff_see_all(
    stranger_api: Api, reviewer_api: Api, pier: MediaAsset, api: type[Api]
) -> None:
    folder = Folder.objects.create(owner=pier.owner, name="Boats")
    for path in (
        f"{MEDIA}/{pier.pk}",
        f"{MEDIA}/{pier.pk}/data",
        f"{MEDIA}/{pier.pk}/thumbnail",
        f"{FOLDERS}/{folder.pk}",
    ):
        problem(stranger_api.get(path), 404, "not_found")
        problem(api().get(path), 401, "authentication_required")
        seen = reviewer_api.get(path)
        assert seen.status_code == 200 and (not seen.streaming or whole(seen))
    problem(stranger_api.patch(f"{MEDIA}/{pier.pk}", {"name": "mine"}), 404, "not_found")
    problem(stranger_api.delete(f"{MEDIA}/{pier.pk}"), 404, "not_found")
    assert stranger_api.get(f"{MEDIA}/").json()["results"] == []
    assert len(reviewer_api.get(f"{MEDIA}/").json()["results"]) == 1
    for wrong in ("nonsense", "0", "%00", "../1"):
        assert stranger_api.get(f"{MEDIA}/{wrong}").status_code == 404


def test_a_reading_key_only_reads(author: User, api: type[Api], pier: MediaAsset, tmp_path: Path) -> None:
    reader = api(author, "read")
    assert len(whole(reader.get(f"{MEDIA}/{pier.pk}/data"))) == pier.size
    problem(send(reader, footage.tone(tmp_path / "a.wav")), 403, "scope_missing")
    problem(reader.delete(f"{MEDIA}/{pier.pk}"), 403, "scope_missing")
    problem(reader.patch(f"{MEDIA}/{pier.pk}", {"name": "x"}), 403, "scope_missing")


def test_the_list_is_filtered_searched_and_ordered(author: User, author_api: Api) -> None:
    folder = Folder.objects.create(owner=author, name="Boats")
    for name, kind, tags, shelf in [
        ("b.mp4", "video", ["sea", "red"], folder),
        ("a.mp4", "video", ["sea"], None),
        ("c.png", "image", ["red"], None),
    ]:
        MediaAsset.objects.create(owner=author, name=name, type=kind, tags=tags, folder=shelf)

    def names(query: str) -> list[str]:
        response = author_api.get(f"{MEDIA}/?{query}")
        assert response.status_code == 200, response.content
        return [asset["name"] for asset in response.json()["results"]]

    assert names("ordering=name") == ["a.mp4", "b.mp4", "c.png"]
    assert names("ordering=-name&page_size=1") == ["c.png"]
    assert names("type=image") == ["c.png"]
    assert names("tag=sea&ordering=name") == ["a.mp4", "b.mp4"]
    assert names("tag=sea&tag=red") == ["b.mp4"]
    problem(author_api.get(f"{MEDIA}?tag=%00&tag=sea"), 400, "validation_error")
    assert names(f"folder={folder.pk}") == ["b.mp4"]
    assert names("status=ready") == []
    assert names("search=A.MP") == ["a.mp4"]
    assert names("owner=author&created_before=2001-01-01T00:00:00Z") == []
    for wrong in ("type=song", "status=lost", "folder=x", "colour=red", "ordering=size"):
        problem(author_api.get(f"{MEDIA}/?{wrong}"), 400, "validation_error")


def test_folders(author_api: Api, stranger_api: Api, pier: MediaAsset) -> None:
    made = author_api.post(FOLDERS, {"name": "  Boats "})
    assert made.status_code == 201, made.content
    folder = made.json()
    assert (folder["name"], folder["owner"]) == ("Boats", "author")
    assert set(folder) == {"id", "name", "owner", "created_at", "updated_at"}
    problem(author_api.post(f"{FOLDERS}/", {"name": "Boats"}), 400, "validation_error")
    assert stranger_api.post(f"{FOLDERS}/", {"name": "Boats"}).status_code == 201
    assert author_api.patch(f"{FOLDERS}/{folder['id']}", {"name": "Boats"}).status_code == 200
    assert author_api.put(f"{FOLDERS}/{folder['id']}/", {"name": "Ships"}).json()["name"] == "Ships"
    author_api.patch(f"{MEDIA}/{pier.pk}", {"folder": folder["id"]})
    assert [each["name"] for each in author_api.get(FOLDERS).json()["results"]] == ["Ships"]
    assert author_api.delete(f"{FOLDERS}/{folder['id']}/").status_code == 204
    assert author_api.get(f"{MEDIA}/{pier.pk}").json()["folder"] is None
