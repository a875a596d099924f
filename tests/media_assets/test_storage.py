"""A local file is stored whole, once, or not at all."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile, File

from media_assets.exceptions import StorageFailed, StorageFull
from media_assets.storage.local import CHUNK, LocalStorage
from tests.media_assets.conftest import files

KEY = "media/1/2/original-3.mp4"


@pytest.fixture
def storage(library: Path) -> LocalStorage:
    return LocalStorage(location=str(library))


def kept(storage: LocalStorage) -> bytes:
    with storage.open(KEY) as file:
        return bytes(file.read())


def test_what_was_saved_is_read_back(storage: LocalStorage, library: Path) -> None:
    assert storage.save(KEY, ContentFile(b"film")) == KEY
    assert kept(storage) == b"film"
    assert files(library) == [library / KEY]


def test_a_key_is_written_once(storage: LocalStorage, library: Path) -> None:
    storage.save(KEY, ContentFile(b"first"))
    with pytest.raises(StorageFailed):
        storage.save(KEY, ContentFile(b"second"))
    assert kept(storage) == b"first"
    assert files(library) == [library / KEY]


class Breaking(File):
    """A source that breaks off after a while."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(None)
        self.error = error

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield b"the beginning"
        raise self.error


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StorageFull),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), StorageFull),
        (OSError(errno.EIO, "Input/output error"), OSError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_a_write_that_breaks_off_leaves_nothing(
    storage: LocalStorage, library: Path, error: BaseException, seen: type[BaseException]
) -> None:
    with pytest.raises(seen):
        storage.save(KEY, Breaking(error))
    assert not files(library)
    assert storage.save(KEY, ContentFile(b"later")) == KEY


def test_a_full_disk_is_said_as_such(storage: LocalStorage, library: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("/dev/full is not on this machine")
    with full.open("wb", buffering=0) as device, pytest.raises(OSError) as refused:
        device.write(b"x")
    assert refused.value.errno == errno.ENOSPC
    with pytest.raises(StorageFull):
        storage.save(KEY, Breaking(refused.value))


def test_nobody_leaves_the_storage(storage: LocalStorage) -> None:
    for key in ("../outside", "/etc/outside", "media/../../outside"):
        with pytest.raises(SuspiciousFileOperation):
            storage.save(key, ContentFile(b"x"))


def test_a_span_is_read_from_its_own_handle(storage: LocalStorage) -> None:
    data = os.urandom(3 * CHUNK + 17)
    storage.save(KEY, ContentFile(data))
    span = storage.open_span(KEY, 5, 2 * CHUNK)
    storage.delete(KEY)
    chunks = list(span)
    span.close()
    assert b"".join(chunks) == data[5 : 5 + 2 * CHUNK]
    assert max(map(len, chunks)) <= CHUNK
    with pytest.raises(FileNotFoundError):
        storage.open_span(KEY, 0, 1)


def test_a_span_that_ends_early_is_an_error_and_not_a_short_answer(storage: LocalStorage) -> None:
    storage.save(KEY, ContentFile(b"1234"))
    span = storage.open_span(KEY, 2, 10)
    with pytest.raises(StorageFailed):
        list(span)
    span.close()


def test_deleting_takes_the_folder_of_the_asset_along(storage: LocalStorage, library: Path) -> None:
    storage.save(KEY, ContentFile(b"1"))
    storage.save("media/1/2/thumbnail-4.jpg", ContentFile(b"2"))
    storage.delete(KEY)
    assert files(library) == [library / "media/1/2/thumbnail-4.jpg"]
    storage.delete("media/1/2/thumbnail-4.jpg")
    assert not (library / "media/1/2").exists()
