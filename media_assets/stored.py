"""A file that is in the storage and not in the database yet: it gets its row, or it goes again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.core.files.storage import storages
from django.db import DatabaseError, transaction

from media_assets.models import MediaAsset

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class StoredFile:
    """A verified file in the storage that no row names yet."""

    asset_id: UUID
    type: str
    key: str
    thumbnail_key: str
    size: int
    content_type: str
    checksum: str
    file_metadata: Mapping[str, Any]

    def columns(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What an asset's row says of it; `facts` join those that were found in the file."""
        return {
            "type": self.type,
            "key": self.key,
            "thumbnail_key": self.thumbnail_key,
            "size": self.size,
            "content_type": self.content_type,
            "checksum": self.checksum,
            "file_metadata": {**self.file_metadata, **facts},
        }

    def forget(self) -> None:
        """Take it out of the storage again: whoever wanted to record it could not."""
        for key in filter(None, (self.key, self.thumbnail_key)):
            storages["media"].delete(key)


@contextmanager
def forgotten_on_error(stored: StoredFile) -> Iterator[None]:
    """Take a stored file out again when what follows, its record above all, does not come to its end."""
    try:
        yield
    except BaseException:
        if not named(stored):
            stored.forget()
        raise


def named(stored: StoredFile) -> bool:
    """Whether a row names the file: a commit whose answer was lost may have succeeded. In doubt it counts as named."""
    if transaction.get_connection().needs_rollback:
        return False  # what this transaction wrote is about to be taken back
    try:
        return bool(MediaAsset.objects.filter(key=stored.key).exists())
    except DatabaseError:
        log.warning("Cannot tell whether a stored file is in use; it stays", key=stored.key)
        return True
