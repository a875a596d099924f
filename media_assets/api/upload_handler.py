"""Stops an upload at the byte cap while it comes in, before it fills a disk."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler

from media_assets.exceptions import TooLarge

ENVELOPE_BYTES = 1024 * 1024
"""What a form may be longer than the file in it."""


class CappedUpload(FileUploadHandler):
    """Stands before the handlers that keep the file."""

    seen = 0

    def handle_raw_input(self, input_data: Any, META: dict[str, Any], content_length: int, *_: Any, **__: Any) -> None:
        """A form that says itself that it is too long is not read at all."""
        if content_length > settings.MAX_UPLOAD_BYTES + ENVELOPE_BYTES:
            raise _too_large()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Count, and pass on."""
        self.seen += len(raw_data)
        if self.seen > settings.MAX_UPLOAD_BYTES:
            raise _too_large()
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler has the file."""


def _too_large() -> TooLarge:
    return TooLarge(f"The file is larger than {settings.MAX_UPLOAD_BYTES} bytes.")
