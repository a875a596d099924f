"""A finished film, read again to make other files of it: its frames in order, its sound in blocks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av

from rendering.engine.errors import ProcessingFailed

READ = {"protocol_whitelist": "file,pipe", "format_whitelist": "mov,mp4"}
EVERY = 15
"""Frames between two reports."""
Report = Callable[[dict[str, Any]], None]


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The film's file, its pictures decoded by all cores."""
    try:
        film = av.open(str(path), options=READ)
    except (av.FFmpegError, OSError) as error:
        raise ProcessingFailed("Processing failed: the joined film cannot be read.") from error
    with film:
        film.streams.video[0].thread_type = "AUTO"
        yield film


def frames(path: Path, total: int, report: Report, *, done_before: int = 0, of: int = 0) -> Iterator[Any]:
    """All frames of a film; how far it is is told as `done_before` and more, of `of`."""
    seen = 0
    with opened(path) as film:
        for frame in film.decode(video=0):
            yield frame
            seen += 1
            if seen % EVERY == 0 or seen == total:
                report({"event": "progress", "done": done_before + seen, "total": of or total})
    if seen != total:
        raise ProcessingFailed(f"Processing failed: the film gave {seen} frames, {total} were planned.")


@contextmanager
def draft_of(output: Path) -> Iterator[Path]:
    """A temporary name beside `output`; what was written there takes its place at the end of the block."""
    draft = output.with_name(f".{output.stem}.{os.getpid()}.part{output.suffix}")
    try:
        yield draft
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)
