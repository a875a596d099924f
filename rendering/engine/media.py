"""Strangers' films and sounds, opened: by their first bytes, as one known format, within limits, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av

from media_assets.av import probe
from media_assets.av.limits import MAX_PIXELS, MAX_STREAMS
from media_assets.av.sniff import Kind, sniff
from media_assets.exceptions import MediaError
from rendering.engine.errors import MediaProcessingFailed

OPTIONS = {"protocol_whitelist": "file", "format_whitelist": probe.OPTIONS["format_whitelist"]}
"""A playlist or a script that calls itself .mp4 is refused, and nothing but the file itself is opened."""
DOLBY_ONLY = {"dvh1", "dvhe", "dav1"}
UNSPECIFIED = 2


def opened(path: Path, what: str) -> Any:
    """The container. `what` names the file in sentences: "The footage 3f2a…"."""
    kind = known(path, what)
    try:
        container: Any = av.open(f"file:{path.resolve()}", format=kind.demuxer, options=OPTIONS)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaProcessingFailed(f"{what} cannot be read.") from error
    if len(container.streams) > MAX_STREAMS:
        container.close()
        raise MediaProcessingFailed(f"{what} has more than {MAX_STREAMS} streams.")
    return container


def known(path: Path, what: str) -> Kind:
    """The format by the file's first bytes; a picture is none here."""
    try:
        kind = sniff(path)
    except (MediaError, OSError) as error:
        raise MediaProcessingFailed(f"{what} cannot be read.") from error
    if not kind.demuxer:
        raise MediaProcessingFailed(f"{what} is a picture.")
    return kind


def require_limits(path: Path, container: Any, what: str) -> None:
    """Refuse a film that is too long, too large or too quick, before a frame of it is decoded."""
    try:
        probe.facts_of(path, known(path, what), container)
    except MediaError as error:
        raise MediaProcessingFailed(f"{what} cannot be used. {error.detail}") from error


def film(container: Any) -> Any:
    """Its video stream, if it has one; a record's cover is none."""
    return probe.film_of(container)


def require_readable(stream: Any, what: str) -> None:
    """Refuse Dolby Vision whose picture makes sense to its own decoders alone (profile 5)."""
    context = stream.codec_context
    if context.codec_tag in DOLBY_ONLY and context.color_trc in (0, UNSPECIFIED):
        raise MediaProcessingFailed(f"{what} is Dolby Vision without a picture for other players. Convert it first.")


def limit(stream: Any) -> None:
    """The same for what its frames turn out to be."""
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
