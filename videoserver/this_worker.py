"""What a worker says of itself in its row: version, encoder, and the identity of the storage that it sees."""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import version

from django.conf import settings

from media_assets import identity


def about() -> dict[str, str]:
    """The fields of its row that may differ from worker to worker."""
    encoder = f"PyAV {version('av')}, {settings.X264_PRESET}, CRF {settings.X264_CRF}"
    found = {"version": settings.VERSION, "encoder": encoder}
    with suppress(Exception):  # a storage that cannot be asked now has told its identity before
        found["storage"] = identity.marker()
    return found
