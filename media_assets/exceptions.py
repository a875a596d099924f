"""What can go wrong with media: each leaf has a stable code, an HTTP status and a sentence for people."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

from videoserver.work.disagreement import Disagreement

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What the system says when a file finds no room; FFmpeg says it in the same numbers."""


class MediaError(Exception):
    """Base of all; `detail` is the sentence that people see."""

    code: ClassVar[str] = "media_error"
    status: ClassVar[int] = 422
    permanent: ClassVar[bool] = True
    sentence: ClassVar[str] = "The media cannot be used."

    def __init__(self, detail: str = "") -> None:
        self.detail = detail or self.sentence
        super().__init__(self.detail)


class FileEmpty(MediaError):
    """No bytes at all."""

    code, sentence = "file_empty", "Downloaded file is empty"


class FileTooSmall(MediaError):
    """A video under 1024 bytes: a header and nothing behind it."""

    code, sentence = "file_too_small", "File too small"


class NotAVideo(MediaError):
    """Bytes that should be a video and are not one that we can open."""

    code, sentence = "not_a_video", "Not a valid video"


class UnexpectedType(MediaError):
    """A kind of file that we do not take, or another kind than the one that was asked for."""

    code, sentence = "unexpected_type", "This is not a picture, a video or a sound that can be used."


class ProcessingFailed(MediaError):
    """The right kind of file, but it cannot be decoded or is beyond our limits."""

    code, sentence = "media_processing_failed", "FFmpeg processing failed"


class ProcessingCutShort(ProcessingFailed):
    """The child that looked into it was killed or took too long: the file's fault perhaps, perhaps not."""

    permanent = False


class UrlNotAllowed(MediaError):
    """A URL that this server does not go to, whoever asks."""

    code, sentence = "url_not_allowed", "This URL is not allowed."


class NetworkError(MediaError):
    """The source could not be reached, or broke off."""

    code, sentence = "network_error", "Network error: the connection broke."
    permanent = False


class SourceRefused(NetworkError):
    """The source's answer is no file, and would not be one next time."""

    permanent = True


class SourceExpired(MediaError):
    """The source had it, and has it no more."""

    code, sentence = "source_expired", "The source URL has expired, generate it again"


class DownloadTimeout(MediaError):
    """It took longer than it may."""

    code, sentence = "download_timeout", "Download timeout"
    permanent = False


class TooLarge(MediaError):
    """More bytes than `MAX_UPLOAD_BYTES`."""

    code, status, sentence = "too_large", 413, "The file is larger than allowed."


class StorageFull(MediaError):
    """No space is left for the file."""

    code, status, sentence = "storage_full", 507, "The storage is full."
    permanent = False


class StorageFailed(MediaError):
    """The storage took the file and gives back other bytes."""

    code, status, sentence = "storage_upload_failed", 503, "The storage did not keep the file as it was sent."
    permanent = False


class ServerBusy(MediaError):
    """Every child that could look into the file has another one; `headers` say when to come again."""

    code, status, sentence = "server_busy", 503, "The server is busy. Try again in a moment."
    permanent = False

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = dict(headers)
        super().__init__()


class StorageMismatch(Disagreement, MediaError):
    """The storage that this process sees is not the one that the other processes of its database use."""

    code, status, sentence = "storage_mismatch", 503, "This server's storage is not the one that its database knows."
    permanent = False
    headers = {"Retry-After": "60"}
    cure = "Mount the right folder, or correct STORAGE. If this is the right one, run: python manage.py adopt_storage"

    def __str__(self) -> str:
        return f"{self.detail} {self.cure}"


class InputGone(MediaError):
    """The bytes of an asset are missing from the storage, or are not the ones that were stored."""

    code, status, sentence = "input_gone", 422, "The stored file is missing or damaged."


class AssetNotReady(MediaError):
    """The asset has no file yet, or never got one."""

    code, status, sentence = "asset_not_ready", 409, "The asset is not ready."


class AssetInUse(MediaError):
    """Something still needs the asset."""

    code, status, sentence = "asset_in_use", 409, "The asset is in use."


class WrongState(MediaError):
    """The asset's status does not allow this, or somebody changed it first."""

    code, status, sentence = "wrong_state", 409, "The asset's status does not allow this."


class BadName(MediaError):
    """A name that holds nothing to read."""

    code, status, sentence = "validation_error", 400, "A name needs at least one readable character."


class FileGone(InputGone):
    """Somebody asks for bytes that the storage does not have."""

    status = 404


class FileDamaged(InputGone):
    """Somebody asks for bytes that are not the ones that were stored."""

    status = 500


@contextmanager
def full_disk_named() -> Iterator[None]:
    """A full disk raises StorageFull, wherever in the block it is met."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull from error
        raise
