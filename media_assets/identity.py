"""The storage's identity: a small object in it that the database knows. Who sees another storage stores nothing.

The object is made once, while the database knows none, and by `adopt_storage`. A worker whose network folder is not
mounted sees an empty folder: without this it would put its films there, and every other machine would answer 404.
"""

from __future__ import annotations

import secrets
import time

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import Error, connection

from media_assets.exceptions import StorageFailed, StorageMismatch
from media_assets.models import MediaAsset
from videoserver.work import agreement

MARKER = "identity/storage.txt"
"""Outside of `media/` and `segments/`, where forgotten files are looked for."""
NAME = "storage"
SAMPLE = 10
KNOWN_SECONDS = 10.0
log = structlog.get_logger(__name__)
_known: dict[str, tuple[str, float]] = {}


def problem() -> str:
    """Why this process must store nothing, in a sentence; empty when it may."""
    return agreement.told(check)


def check() -> None:
    """Raises StorageMismatch unless the storage is the one that the database knows."""
    require(known())


def known() -> str:
    """The identity that the storage must have; agreed on now, if this is the first process of its database."""
    return expected() or establish(marker())


def require(known: str) -> None:
    """Raises StorageMismatch unless the storage has this identity. Asks no database: it may run in any thread."""
    found = marker()
    if found != known:
        agreement.forget()
        has = f"has the identity {found[:8]}…" if found else "has no identity"
        raise StorageMismatch(f"{StorageMismatch.sentence} It {has}, and {known[:8]}… is known.")


def expected() -> str:
    """What the database knows. Kept for a few seconds, so that storing a file costs no query; and while it is away."""
    place = str(connection.settings_dict["NAME"])
    value, at = _known.get(place, ("", 0.0))
    if value and time.monotonic() - at < KNOWN_SECONDS:
        return value
    try:
        fresh = agreement.agreed(NAME)
    except Error:
        if not value or connection.in_atomic_block:
            raise
        return value
    _known[place] = (fresh, time.monotonic())
    return fresh


def marker() -> str:
    """The identity of the storage that this process sees; empty if it has none."""
    try:
        with storages["media"].open(MARKER) as file:
            return bytes(file.read(64)).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return ""


def establish(found: str) -> str:
    """Agree on the storage, for a database that knows none yet: on this one, if it holds what the database names."""
    if not holds_its_files():
        raise StorageMismatch(f"{StorageMismatch.sentence} It holds too few of the files that the database names.")
    # The object first: killed in between, the next process finds it and goes on from there.
    return agreement.agree(NAME, found or write(secrets.token_hex(16)))


def holds_its_files() -> bool:
    """Whether at least half of the newest and half of the oldest assets' files are there, each with its length."""
    ready = MediaAsset.objects.ready().exclude(key="").values_list("key", "size")
    for order in ("created_at", "-created_at"):
        sample = list(ready.order_by(order)[:SAMPLE])
        if sum(holds(*each) for each in sample) * 2 < len(sample):
            return False
    return True


def holds(key: str, size: int) -> bool:
    try:
        return storages["media"].size(key) == size
    except FileNotFoundError:
        return False


def write(identity: str) -> str:
    """Make the object, unless another process was first; what is in it now."""
    try:
        name = storages["media"].save(MARKER, ContentFile(identity.encode()))
    except StorageFailed:
        pass  # taken: another process was first
    else:
        if name != MARKER:  # a storage that never overwrites chose another name for it
            storages["media"].delete(name)
        else:
            log.info("The storage has its identity", identity=identity[:8])
    if not (kept := marker()):
        raise StorageFailed
    return kept


def adopt(*, anyway: bool = False) -> str:
    """Have this storage be the one of the database from now on; its identity. Raises StorageMismatch."""
    if not anyway and not holds_its_files():
        raise StorageMismatch(f"{StorageMismatch.sentence} It holds too few of the files that the database names.")
    identity = marker() or write(agreement.agreed(NAME) or secrets.token_hex(16))
    agreement.change(NAME, identity)
    _known.clear()
    return identity
