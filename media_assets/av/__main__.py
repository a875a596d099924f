"""`python -m media_assets.av`: for each request looks into one file, and answers with what it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av.logging

from media_assets.av import pictures, previews, probe, verify
from media_assets.av.limits import LEAST_VIDEO_BYTES
from media_assets.av.sniff import Kind, sniff
from media_assets.exceptions import FileTooSmall, NotAVideo, UnexpectedType, full_disk_named
from videoserver.work.sandbox import serve


def inspect(request: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """What `path` is, proven by decoding it.

    `thumbnail` names the file for the small picture, `clean` the one for a picture without its camera's data (empty:
    keep the bytes), `expect` the type that it must be (empty: any). The answer holds `type`, `content_type`, `suffix`,
    `facts`, and whether `thumbnail` and `clean` were written.
    """
    path, expect = Path(request["path"]), request.get("expect") or ""
    try:
        kind = sniff(path)
    except UnexpectedType as refusal:
        if expect == "video":
            raise NotAVideo from refusal
        raise
    answer = _picture(path, kind, request) if kind.image else _recording(path, kind, request)
    if expect and answer["type"] != expect:
        raise NotAVideo if expect == "video" else UnexpectedType
    return answer


def _picture(path: Path, kind: Kind, request: dict[str, Any]) -> dict[str, Any]:
    image = pictures.decoded(path, kind)
    clean = request.get("clean") or ""
    if clean:
        image, kind = pictures.rewritten(image, kind, path, Path(clean))
    previews.save_thumbnail(image, Path(request["thumbnail"]))
    return {
        "type": "image",
        "content_type": kind.image,
        "suffix": kind.suffix,
        "facts": pictures.facts_of(image, kind),
        "thumbnail": True,
        "clean": bool(clean),
    }


def _recording(path: Path, kind: Kind, request: dict[str, Any]) -> dict[str, Any]:
    if kind.video and path.stat().st_size < LEAST_VIDEO_BYTES:
        raise FileTooSmall
    verify.check_whole(path, kind)
    with probe.opened(path, kind) as container:
        facts = probe.facts_of(path, kind, container)
        frame = verify.verify(container, facts["duration"])
        film = probe.film_of(container)
        if frame is not None:
            aspect = probe.pixel_aspect_of(film)
            previews.save_thumbnail(previews.shown(frame, aspect), Path(request["thumbnail"]))
            rotation = frame.rotation % 360
            width, height = previews.display_size(frame.width, frame.height, rotation, aspect)
            facts |= {"width": width, "height": height, "rotation": rotation}
            facts |= {"coded_width": frame.width, "coded_height": frame.height}
    is_film = frame is not None
    return {
        "type": "video" if is_film else "audio",
        "content_type": kind.video if is_film else kind.audio,
        "suffix": kind.suffix if is_film else kind.audio_suffix,
        "facts": facts,
        "thumbnail": is_film,
        "clean": False,
    }


def main() -> None:
    """Serve until the parent closes stdin."""
    av.logging.set_level(None)
    serve(full_disk_named()(inspect))


if __name__ == "__main__":
    main()
