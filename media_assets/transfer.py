"""Bytes on their way into the storage and out of it: proven by their hash, while the caller goes on being told."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TypeVar

from django.core.files.base import File
from django.core.files.storage import Storage, storages

from media_assets import identity
from media_assets.exceptions import InputGone, StorageFailed, full_disk_named

CHUNK = 1024 * 1024
TICK = 1.0

OnEvent = Callable[[dict[str, Any]], None]
GoOn = Callable[[], None]
T = TypeVar("T")


class _Stopped(Exception):
    """The caller has already raised what ended this; nobody sees it."""


class _Watched(File):  # type: ignore[type-arg] # Django's File is generic for its stubs only
    """A file whose reading ends when nobody wants it any more."""

    def __init__(self, file: IO[bytes], go_on: GoOn) -> None:
        super().__init__(file)
        self._bytes, self._go_on = file, go_on

    def read(self, size: int = -1) -> bytes:
        self._go_on()
        return self._bytes.read(size)


def store(path: Path, key: str, on_event: OnEvent | None = None) -> tuple[int, str]:
    """Put a local file under a key; its length and sha256, which the stored bytes proved to have."""
    known = identity.known()
    storage, saved = storages["media"], False

    def move(go_on: GoOn) -> tuple[int, str]:
        nonlocal saved
        identity.require(known)
        with path.open("rb") as file:
            sent = pour(file, go_on=go_on)
            file.seek(0)
            storage.save(key, _Watched(file, go_on))
        saved = True
        with storage.open(key) as kept:
            if pour(kept, go_on=go_on) != sent:
                raise StorageFailed
        return sent

    try:
        return beside(move, on_event)
    except BaseException:
        if saved:
            storage.delete(key)
        raise


def bring(key: str, size: int, checksum: str, target: Path, on_event: OnEvent | None = None) -> None:
    """Have the stored bytes at `target`, to be read and never written: they may be the storage's own."""
    storage = storages["media"]
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")

    def read(go_on: GoOn) -> tuple[int, str]:
        if _link(storage, key, unfinished):
            with unfinished.open("rb") as file:
                return pour(file, go_on=go_on)
        with storage.open(key) as source, unfinished.open("xb") as file:
            return pour(source, file, go_on)

    try:
        with full_disk_named():
            same = beside(read, on_event) == (size, checksum)
        if not same:
            raise InputGone
        unfinished.replace(target)
    except FileNotFoundError as error:
        identity.check()  # a folder that is not mounted has lost no file
        raise InputGone from error
    finally:
        unfinished.unlink(missing_ok=True)


def beside(deed: Callable[[GoOn], T], on_event: OnEvent | None) -> T:
    """Do it while `on_event` hears a tick every second, in the caller's own thread, and one at the end.

    What that raises stops the deed the next time it asks whether to go on. A storage may be silent for much longer
    than a chunk takes: it syncs a gigabyte, or downloads all before it gives the first byte.
    """
    if on_event is None:
        return deed(lambda: None)
    stopped = threading.Event()

    def go_on() -> None:
        if stopped.is_set():
            raise _Stopped

    with ThreadPoolExecutor(1, thread_name_prefix="transfer") as thread:
        doing = thread.submit(deed, go_on)
        try:
            while True:
                wait([doing], timeout=TICK)
                done = doing.done()
                on_event({"event": "tick"})
                if done:
                    return doing.result()
        except BaseException:
            stopped.set()
            raise


def pour(source: IO[bytes] | File[Any], target: IO[bytes] | None = None, go_on: GoOn | None = None) -> tuple[int, str]:
    """Read to the end, into `target` if there is one; the length and the sha256."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        if go_on:
            go_on()
        digest.update(chunk)
        size += len(chunk)
        if target:
            target.write(chunk)
    return size, digest.hexdigest()


def _link(storage: Storage, key: str, target: Path) -> bool:
    """Give the stored file a second name, which costs nothing; False where that can't be done."""
    # Far away, on another disk, or not ours to link: then it is copied. A missing file is told by that, too.
    with suppress(NotImplementedError, OSError):
        os.link(storage.path(key), target)
        return True
    return False
