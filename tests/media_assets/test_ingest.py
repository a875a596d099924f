"""A file comes in whole or leaves nothing, and goes out as it came."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from PIL import Image

from media_assets import ingest
from media_assets.exceptions import (
    AssetNotReady,
    BadName,
    FileEmpty,
    InputGone,
    MediaError,
    NotAVideo,
    StorageFailed,
    StorageFull,
    TooLarge,
    UnexpectedType,
)
from media_assets.models import AssetState, MediaAsset
from media_assets.names import label, with_suffix
from media_assets.storage.local import LocalStorage
from tests import footage
from tests.media_assets.conftest import files


def upload(path: Path, owner: User, **options: Any) -> MediaAsset:
    return ingest.upload(SimpleUploadedFile(path.name, path.read_bytes()), owner, **options)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_film_is_kept_byte_for_byte(author: User, library: Path, tmp_path: Path, settings: Any) -> None:
    film = footage.film(tmp_path / "pier.mp4", sound=True)
    asset = upload(film, author, tags=["sea"], metadata={"shot": 1})
    assert (asset.status, asset.type, asset.name) == (AssetState.READY, "video", "pier.mp4")
    assert (asset.checksum, asset.size) == (sha256(film), film.stat().st_size)
    assert asset.key.startswith(f"media/{author.pk}/{asset.pk}/original-") and asset.key.endswith(".mp4")
    assert asset.thumbnail_key.startswith(f"media/{author.pk}/{asset.pk}/thumbnail-")
    assert files(library) == sorted([library / asset.key, library / asset.thumbnail_key])
    assert (library / asset.key).read_bytes() == film.read_bytes()
    assert "original_checksum" not in asset.file_metadata
    assert (asset.tags, asset.metadata) == (["sea"], {"shot": 1})
    assert not list(settings.WORKSPACES_DIR.iterdir())


def test_a_picture_is_written_anew_and_its_first_hash_is_kept(author: User, library: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Spycam"
    photo = footage.picture(tmp_path / "me.jpg", exif=exif)
    assert b"Spycam" in photo.read_bytes()
    asset = upload(photo, author)
    assert asset.file_metadata["original_checksum"] == sha256(photo) != asset.checksum
    assert asset.checksum == sha256(library / asset.key)
    assert all(b"Spycam" not in path.read_bytes() for path in files(library))


def test_our_own_picture_is_kept_as_it_is(author: User, library: Path, tmp_path: Path) -> None:
    picture = footage.picture(tmp_path / "made.png")
    stored = ingest.put(picture, author, "image")
    assert stored.checksum == sha256(picture) == sha256(library / stored.key)
    stored.forget()
    assert not files(library) and not MediaAsset.objects.exists()


def test_a_refused_file_leaves_no_row_and_no_bytes(author: User, library: Path, tmp_path: Path, settings: Any) -> None:
    whole = footage.film(tmp_path / "whole.mp4").read_bytes()
    cases: list[tuple[str, bytes, type[MediaError]]] = [
        ("empty.mp4", b"", FileEmpty),
        ("cut.mp4", whole[:-100], NotAVideo),
        ("page.mp4", b"<html>404</html>" * 100, NotAVideo),
        ("page.txt", b"<html>404</html>" * 100, UnexpectedType),
    ]
    for name, data, refusal in cases:
        with pytest.raises(refusal):
            ingest.upload(SimpleUploadedFile(name, data), author)
    assert not files(library) and not MediaAsset.objects.exists()
    assert not list(settings.WORKSPACES_DIR.iterdir())


def test_more_bytes_than_allowed_are_refused(author: User, library: Path, tmp_path: Path, settings: Any) -> None:
    tone = footage.tone(tmp_path / "a.wav")
    settings.MAX_UPLOAD_BYTES = tone.stat().st_size
    assert upload(tone, author).status == AssetState.READY
    settings.MAX_UPLOAD_BYTES -= 1
    with pytest.raises(TooLarge):
        upload(tone, author)
    assert MediaAsset.objects.count() == 1 and len(files(library)) == 1


class Lossy(LocalStorage):
    """Loses the last byte on its way to the disk."""

    def _save(self, name: str, content: Any) -> str:
        content.seek(0)
        return super()._save(name, ContentFile(content.read()[:-1]))


class Full(LocalStorage):
    """Has room for originals and none for thumbnails."""

    def _save(self, name: str, content: Any) -> str:
        if "thumbnail" in name:
            raise StorageFull
        return super()._save(name, content)


@pytest.mark.parametrize(("storage", "refusal"), [(Lossy, StorageFailed), (Full, StorageFull)])
def test_a_storage_that_fails_leaves_nothing_behind(
    author: User, library: Path, tmp_path: Path, settings: Any, storage: type, refusal: type[MediaError]
) -> None:
    media = {"BACKEND": f"{__name__}.{storage.__name__}", "OPTIONS": {"location": str(library)}}
    settings.STORAGES = {**settings.STORAGES, "media": media}
    with pytest.raises(refusal) as refused:
        upload(footage.film(tmp_path / "a.mp4", seconds=0.2), author)
    assert not refused.value.permanent
    assert not files(library) and not MediaAsset.objects.exists()


def test_a_row_that_cannot_be_written_takes_its_file_along(author: User, library: Path, tmp_path: Path) -> None:
    film = footage.film(tmp_path / "a.mp4", seconds=0.2)
    author.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        ingest.upload(SimpleUploadedFile("a.mp4", film.read_bytes()), author)
    assert not files(library)


def test_an_asset_is_fetched_into_a_folder_once(pier: MediaAsset, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    path = ingest.fetch(pier, folder)
    assert sha256(path) == pier.checksum and path.suffix == ".mp4"
    before = path.stat().st_mtime_ns
    assert ingest.fetch(pier, folder) == path and path.stat().st_mtime_ns == before
    assert files(folder) == [path]


def test_missing_and_changed_bytes_are_told_and_not_handed_out(pier: MediaAsset, library: Path, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    stored = library / pier.key
    data = bytearray(stored.read_bytes())
    data[len(data) // 2] ^= 1
    stored.write_bytes(data)
    with pytest.raises(InputGone):
        ingest.fetch(pier, folder)
    storages["media"].delete(pier.key)
    with pytest.raises(InputGone):
        ingest.fetch(pier, folder)
    pier.status = AssetState.FAILED
    with pytest.raises(AssetNotReady):
        ingest.fetch(pier, folder)
    assert not files(folder)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("pier.mp4", "pier.mp4"),
        ("  the   old\tpier\n", "the old pier"),
        ("../../etc/passwd", ".. .. etc passwd"),
        ("..\\windows\\pier.mp4", ".. windows pier.mp4"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("zero\u200bwidth\x00\x1b[31m", "zerowidth[31m"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("\u0645\u0631\u062d\u0628\u0627 \u2693", "\u0645\u0631\u062d\u0628\u0627 \u2693"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_name_is_only_a_label(name: str, read: str) -> None:
    assert label(name) == read


@pytest.mark.parametrize("name", ["", "   ", "/", "\u202e\u200b", "..", "\ud800"])
def test_a_name_with_nothing_to_read_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        label(name)


def test_a_download_is_named_after_what_it_is() -> None:
    assert with_suffix("pier.mp4", ".mp4") == "pier.mp4"
    assert with_suffix("pier.exe", ".mp4") == "pier.exe.mp4"
    assert len(with_suffix("x" * 200, ".mp4")) == 200
