"""A file becomes an asset: looked into by the child, stored, read back, recorded. The one way in and out for bytes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile

from media_assets.exceptions import (
    AssetNotReady,
    FileEmpty,
    FileTooSmall,
    NotAVideo,
    ProcessingCutShort,
    ProcessingFailed,
    ServerBusy,
    StorageFull,
    TooLarge,
    UnexpectedType,
    full_disk_named,
)
from media_assets.models import AssetState, Folder, MediaAsset
from media_assets.names import label
from media_assets.stored import StoredFile, forgotten_on_error
from media_assets.transfer import CHUNK, OnEvent, bring, store
from videoserver.work import workspace
from videoserver.work.faults import faultpoint
from videoserver.work.sandbox import ChildFailed, Limits
from videoserver.work.warm import Busy, warm

LOOK_SECONDS = 240
CHILD = "media_assets.av"
LIMITS = Limits(memory_bytes=4 * 1024**3, cpu_seconds=240, file_bytes=1024**3)
REFUSALS = {
    leaf.code: leaf for leaf in (FileEmpty, FileTooSmall, NotAVideo, ProcessingFailed, StorageFull, UnexpectedType)
}
log = structlog.get_logger(__name__)


def upload(
    file: UploadedFile[Any],
    owner: User,
    name: str = "",
    *,
    metadata: Mapping[str, Any] | None = None,
    folder: Folder | None = None,
    tags: Iterable[str] = (),
) -> MediaAsset:
    """What a client sent becomes a ready asset, or nothing is left of it. Pictures lose their camera's data."""
    said = file.name or ""
    called = label(name or said or "upload")
    with _workspace("upload") as scratch:
        path = scratch / "upload"
        checksum = _receive(file, path)
        try:
            stored = put(path, owner, clean=True)
        except UnexpectedType as refusal:
            # The client's word decides nothing but which sentence fits better.
            if (file.content_type or "").startswith("video/") or said.lower().endswith((".mp4", ".mov", ".webm")):
                raise NotAVideo from refusal
            raise
    with forgotten_on_error(stored):
        original = {"original_checksum": checksum} if stored.checksum != checksum else {}
        return record(stored, owner, called, metadata=metadata, folder=folder, tags=tags, facts=original)


def put(
    path: Path,
    owner: User,
    type: str | None = None,
    *,
    clean: bool = False,
    on_event: OnEvent | None = None,
    asset_id: UUID | None = None,
) -> StoredFile:
    """Look into a local file, store it with its thumbnail, and read it back.

    `clean` rewrites a picture without its camera's data; films and sounds are always kept byte for byte. `on_event`
    is called at least once a second, so that the caller can renew a lease; what it raises leaves nothing behind.
    `asset_id` is that of a row which waits for its bytes.
    """
    with _workspace("ingest") as scratch:
        thumbnail, cleaned = scratch / "thumbnail.jpg", scratch / "clean"
        seen = inspect(path, scratch, type, thumbnail, cleaned if clean else None, on_event)
        faultpoint("asset.inspected")
        chosen = cleaned if seen["clean"] else path
        small = thumbnail if seen["thumbnail"] else None
        return keep(chosen, owner, seen, small, on_event=on_event, asset_id=asset_id)


def keep(
    path: Path,
    owner: User,
    seen: Mapping[str, Any],
    thumbnail: Path | None = None,
    *,
    on_event: OnEvent | None = None,
    asset_id: UUID | None = None,
) -> StoredFile:
    """Store a file that was looked into: `seen` holds its type, content_type, suffix and facts."""
    asset_id = asset_id or uuid4()
    key = f"media/{owner.pk}/{asset_id}/original-{secrets.token_hex(8)}{seen['suffix']}"
    thumbnail_key = f"media/{owner.pk}/{asset_id}/thumbnail-{secrets.token_hex(8)}.jpg" if thumbnail else ""
    size, checksum = store(path, key, on_event)
    try:
        faultpoint("asset.stored")
        if thumbnail:
            store(thumbnail, thumbnail_key, on_event)
    except BaseException:
        storages["media"].delete(key)
        raise
    return StoredFile(asset_id, seen["type"], key, thumbnail_key, size, seen["content_type"], checksum, seen["facts"])


def record(
    stored: StoredFile,
    owner: User,
    name: str,
    *,
    metadata: Mapping[str, Any] | None = None,
    folder: Folder | None = None,
    tags: Iterable[str] = (),
    facts: Mapping[str, Any] | None = None,
) -> MediaAsset:
    """The row of a stored file: one INSERT, which belongs into the caller's transaction. `facts` join its own."""
    return MediaAsset.objects.create(
        id=stored.asset_id,
        owner_id=owner.pk,
        name=label(name),
        status=AssetState.READY,
        folder=folder,
        tags=list(tags),
        metadata=dict(metadata or {}),
        **stored.columns(facts or {}),
    )


def fetch(asset: MediaAsset, folder: Path, *, on_event: OnEvent | None = None) -> Path:
    """A local file with the asset's bytes, checked, to be read only. Fetching it into a folder again is free."""
    if asset.status != AssetState.READY:
        raise AssetNotReady
    target = folder / f"{asset.checksum}{Path(asset.key).suffix}"
    if target.exists():
        return target
    bring(asset.key, asset.size, asset.checksum, target, on_event)
    return target


def inspect(
    path: Path,
    folder: Path,
    expect: str | None,
    thumbnail: Path,
    clean: Path | None = None,
    on_event: OnEvent | None = None,
) -> dict[str, Any]:
    """Ask the child what a file is (`media_assets.av.__main__.inspect` says how)."""
    request = {
        "path": str(path.resolve()),
        "expect": expect or "",
        "thumbnail": str(thumbnail),
        "clean": str(clean) if clean else "",
    }
    try:
        return warm(CHILD, LIMITS).request(request, folder=folder, on_event=on_event, deadline=LOOK_SECONDS)
    except Busy as busy:
        raise ServerBusy(busy.headers) from busy
    except ChildFailed as failure:
        if refusal := REFUSALS.get(failure.code):
            raise refusal(failure.detail) from failure
        log.warning("The child failed on a file", code=failure.code, detail=failure.detail)
        raise (ProcessingFailed if failure.permanent else ProcessingCutShort) from failure


def _receive(file: UploadedFile[Any], path: Path) -> str:
    """Write an upload to `path` up to the byte cap, and give its sha256."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as target:
        for chunk in file.chunks(CHUNK):
            size += len(chunk)
            if size > settings.MAX_UPLOAD_BYTES:
                raise TooLarge(f"The file is larger than {settings.MAX_UPLOAD_BYTES} bytes.")
            digest.update(chunk)
            target.write(chunk)
    if not size:
        raise FileEmpty
    return digest.hexdigest()


@contextmanager
def _workspace(name: str) -> Iterator[Path]:
    with full_disk_named(), workspace.scratch(name) as folder:
        yield folder
