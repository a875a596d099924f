"""Each worker leaves a note in its storage. Whoever finds it in his own knows that both use the same one.

An identity that was copied with its folder is equal on both sides; what was written after the copy is not.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from videoserver.work import process
from videoserver.work.models import Worker

FOLDER = "workers"
AGE = timedelta(hours=1)
"""A worker writes its note before its row names it; what nobody names for so long was left by one that is gone."""


def write() -> None:
    """Have this process's workers named by a note that is there; remove what dead ones left."""
    mine = Worker.objects.filter(supervisor=process.me())
    note = mine.values_list("note", flat=True).first()
    if note is None:
        return  # its rows come with its first beat
    if not note or not found(note):
        note = secrets.token_hex(16)
        storages["media"].save(path(note), ContentFile(note.encode()))
        mine.update(note=note)
    sweep()


def found(note: str) -> bool:
    """Whether the note lies in the storage that this process sees."""
    try:
        with storages["media"].open(path(note)) as file:
            return bytes(file.read(64)) == note.encode()
    except FileNotFoundError:
        return False


def sweep(age: timedelta = AGE) -> int:
    """Remove the notes that no worker names; how many."""
    media, removed = storages["media"], 0
    with suppress(FileNotFoundError):
        named = {f"{note}.txt" for note in Worker.objects.values_list("note", flat=True)}
        for name in media.listdir(FOLDER)[1]:
            with suppress(FileNotFoundError):  # another worker was quicker
                if name not in named and media.get_modified_time(f"{FOLDER}/{name}") < timezone.now() - age:
                    media.delete(f"{FOLDER}/{name}")
                    removed += 1
    return removed


def path(note: str) -> str:
    return f"{FOLDER}/{note}.txt"
