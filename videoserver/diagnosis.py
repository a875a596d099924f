"""A film looked at box by box, as `doctor --file` does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rendering.engine import boxes
from videoserver.doctor import Finding, finding, scratch
from videoserver.health import Wrong
from videoserver.work.sandbox import ChildFailed
from videoserver.work.warm import warm


def diagnose(path: Path) -> Iterator[Finding]:
    """A film, box by box, and whether its frames decode."""
    if not path.is_file():
        yield Finding("file", False, f"There is no file {path}.", "Name a file.")
        return
    size = path.stat().st_size
    yield Finding("size", size > 1024, f"{size} bytes", "" if size > 1024 else "A film has more than 1 KB.")
    try:
        for box in boxes.walk(path):
            yield Finding(f"box {box.kind}", True, f"{box.size} bytes from byte {box.start}")
        boxes.whole(path)
    except boxes.BrokenBoxes as error:
        yield Finding("boxes", False, str(error), "The file is cut or damaged: fetch or render it again.")
    yield finding("decode", lambda: decode(path))


def decode(path: Path) -> str:
    request = {"path": str(path.resolve()), "expect": "video", "clean": ""}
    with scratch() as folder:
        try:
            seen = warm("media_assets.av").request(
                request | {"thumbnail": str(folder / "thumbnail.jpg")}, folder=folder, deadline=240
            )
        except ChildFailed as failure:
            raise Wrong(failure.detail, "Its pictures do not decode: render or fetch it again.") from failure
    return ", ".join(f"{name} {value}" for name, value in seen["facts"].items() if value is not None)
