"""Imports: a URL becomes an asset in the background. The asset is there at once, and keeps its id over retries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from media_assets import ingest
from media_assets.addresses import judge
from media_assets.download import Limits, download
from media_assets.exceptions import BadName, MediaError, StorageMismatch, WrongState, full_disk_named
from media_assets.models import AssetState, AssetType, Folder, MediaAsset, MediaImport
from media_assets.names import label
from media_assets.stored import StoredFile, forgotten_on_error
from videoserver.work import line, runs, workspace
from videoserver.work.faults import faultpoint
from videoserver.work.row import MISMATCH_PAUSE, USUAL_PRIORITY, Canceled, DeadlinePassed, LeaseLost, Stopping

PICTURES, SOUNDS = (".jpg", ".jpeg", ".png", ".webp"), (".mp3", ".wav", ".m4a", ".aac", ".flac", ".ogg", ".opus")
WENT_WRONG = "Something went wrong inside; the log has it under this asset's id."
log = structlog.get_logger(__name__)


def order(
    url: str,
    owner: User,
    type: str = "",
    name: str = "",
    *,
    metadata: Mapping[str, Any] | None = None,
    folder: Folder | None = None,
    tags: Iterable[str] = (),
) -> MediaAsset:
    """An asset that waits for its bytes. `type` is what they must be; without it they say themselves.

    Raises UrlNotAllowed and NetworkError before there is any row.
    """
    judge(url, settings.IMPORT_ALLOWED_HOSTS)
    with transaction.atomic():
        asset = MediaAsset.objects.create(
            owner=owner,
            name=label(name) if name else called(url),
            type=type or guess(url),
            status=AssetState.UPLOADING,
            metadata=dict(metadata or {}),
            folder=folder,
            tags=list(tags),
        )
        begin(asset, url, type)
    return asset


def retry(asset: MediaAsset, url: str = "") -> MediaAsset:
    """Import a failed asset once more, from a fresh URL if there is one. Raises WrongState, UrlNotAllowed."""
    before = asset.imports.last()
    if before is None:
        raise WrongState("Only what was imported can be imported again.")
    fresh = url or before.url
    judge(fresh, settings.IMPORT_ALLOWED_HOSTS)
    with transaction.atomic():
        asset.become(AssetState.UPLOADING, error_code="", error_detail="")
        begin(asset, fresh, before.expect)
    return asset


def begin(asset: MediaAsset, url: str, expect: str) -> None:
    line.hold(asset.owner_id)
    turn = line.turn_of(MediaImport, USUAL_PRIORITY, owner=asset.owner_id)
    MediaImport.objects.create(asset=asset, owner_id=asset.owner_id, url=url, expect=expect, turn=turn).ring()


def cancel(asset: MediaAsset) -> bool:
    """Cancel what waits at once, and what runs at its next look; False if nothing was under way."""
    under_way = asset.imports.filter(finished_at=None).first()
    return under_way is not None and under_way.request_cancel()


def make(row: MediaImport) -> None:
    """Run a claimed import. Never raises for the work's own failures: the row says how it ended."""
    with runs.logged(row, asset_id=row.asset_id):
        try:
            settled(row)
        except LeaseLost:
            log.warning("Another worker took over; this run ends without a trace")


def settled(row: MediaImport) -> None:
    """Run it; every way it can end becomes a move of the row."""
    try:
        with full_disk_named():
            run(row)
    except LeaseLost:
        raise
    except Stopping:
        row.release()
    except Canceled:
        row.cancel()
    except DeadlinePassed:
        row.fail(*row.late())
    except StorageMismatch as error:
        log.error(str(error))
        row.release(pause=MISMATCH_PAUSE)
    except MediaError as error:
        log.warning(f"Import attempt {row.attempt} failed - {error.detail}", code=error.code)
        again(row, error.code, error.detail, permanent=error.permanent)
    except Exception:
        log.exception("Unexpected error")
        again(row, "internal_error", WENT_WRONG)


def again(row: MediaImport, code: str, detail: str, *, permanent: bool = False) -> None:
    """Try it once more later; when that is pointless, or was tried often enough, it has failed with this error."""
    if permanent or row.attempt >= row.max_attempts:
        row.fail(code, detail)
    else:
        delay = row.retry(code, detail)
        log.info(f"Retrying in {delay}s...")


def run(row: MediaImport) -> None:
    """Download, look into it, store it, and one commit in which the asset is ready."""
    asset = row.asset
    if asset.is_deleted:
        raise Canceled(f"{asset} was deleted.")
    row.start_clock(deadline(row.expect or asset.type))
    with workspace.open("import", row) as folder:
        limits = Limits(bytes=settings.MAX_IMPORT_BYTES, seconds=settings.IMPORT_TIMEOUT)
        hosts = settings.IMPORT_ALLOWED_HOSTS
        found = download(row.url, folder / "source", limits, downloading(row), hosts)
        faultpoint("import.downloaded")
        row.renew({**row.progress, "message": "Processing..."})
        stored = store(row, found.path)
        with forgotten_on_error(stored):
            faultpoint("import.stored")
            with transaction.atomic():
                row.finish()
                ready(asset, stored, row.url, found.sha256)


def downloading(row: MediaImport) -> Callable[[int, int | None], None]:
    """Who hears how far it is."""

    def heard(done: int, of: int | None) -> None:
        faultpoint("import.downloading")
        row.renew({"bytes_done": done, "bytes_total": of or 0, "message": "Downloading..."})

    return heard


def store(row: MediaImport, path: Path) -> StoredFile:
    asset = row.asset
    return ingest.put(
        path, asset.owner, row.expect or None, clean=True, on_event=lambda _: row.renew(), asset_id=asset.pk
    )


def ready(asset: MediaAsset, stored: StoredFile, url: str, came: str) -> None:
    """The asset has its bytes, which `came` with this sha256. Of the URL is kept what is no secret."""
    source = urlsplit(url)
    facts = {"source_url": f"{source.scheme}://{source.netloc}{source.path}", "imported_at": timezone.now().isoformat()}
    if came != stored.checksum:
        facts["original_checksum"] = came
    asset.become(AssetState.READY, **stored.columns(facts))


def deadline(type: str) -> int:
    """Seconds that the whole import may take."""
    return int(settings.IMAGE_IMPORT_DEADLINE if type == AssetType.IMAGE else settings.VIDEO_IMPORT_DEADLINE)


def guess(url: str) -> str:
    """What it will probably be: until the bytes say it, something must be shown."""
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    if suffix in PICTURES:
        return AssetType.IMAGE
    return AssetType.AUDIO if suffix in SOUNDS else AssetType.VIDEO


def called(url: str) -> str:
    """The last step of the path."""
    try:
        return label(PurePosixPath(unquote(urlsplit(url).path)).name)
    except BadName:
        return "import"
