"""The film's poster: one of its own frames at full size, the one with the most to see."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from rendering.engine.check import digest
from rendering.engine.errors import ProcessingFailed
from rendering.engine.finished import Report, draft_of, opened
from rendering.engine.planes import Planes, to_rgb

PLACES = (0.12, 0.3, 0.5, 0.7, 0.88)
"""Where to look, as shares of the film."""
JPEG_QUALITY = 92


def handle(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """The child's request `poster`: {path, frames, fps, output}."""
    output, frames, fps = Path(request["output"]), request["frames"], request["fps"]
    best, seen = -1.0, None
    with opened(Path(request["path"])) as film:
        for number in sorted({int(share * frames) for share in PLACES}):
            planes = Planes.of(frame_at(film, number, fps))
            detail = float(np.std(planes.y[::4, ::4]))
            if detail > best:
                best, seen = detail, Planes(planes.y.copy(), planes.u.copy(), planes.v.copy())
        report({"event": "progress", "done": 1, "total": 1})
    if seen is None:
        raise ProcessingFailed("Processing failed: the film has no frame for a poster.")
    with draft_of(output) as draft:
        Image.fromarray(to_rgb(seen)).save(draft, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0")
    return {"width": seen.width, "height": seen.height, "size": output.stat().st_size, "sha256": digest(output)}


def frame_at(film: Any, number: int, fps: int) -> Any:
    """The film's frame with this number."""
    stream = film.streams.video[0]
    try:
        film.seek(round(Fraction(number, fps) / stream.time_base), stream=stream)
        for frame in film.decode(stream):
            if frame.pts * stream.time_base * fps >= number:
                return frame
    except av.FFmpegError as error:
        raise ProcessingFailed(f"Processing failed: frame {number} of the film does not decode.") from error
    raise ProcessingFailed(f"Processing failed: the film ends before frame {number}.")
