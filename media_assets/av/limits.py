"""What is refused before it is decoded, and the words for it."""

from media_assets.exceptions import ProcessingFailed

MAX_SIDE = 8192
MAX_PIXELS = 36_000_000
MAX_SECONDS = 2 * 3600
MAX_FRAME_RATE = 60
MAX_STREAMS = 8
LEAST_VIDEO_BYTES = 1024
EFFORT_SECONDS = 45
"""How long one file may be read through or decoded before what was seen so far has to do."""


def beyond(what: str) -> ProcessingFailed:
    """A file of the right kind that asks for more than we give."""
    return ProcessingFailed(f"{ProcessingFailed.sentence}: {what}.")


def check_picture(width: int, height: int) -> None:
    """Refuse what would need too much memory."""
    if width < 1 or height < 1:
        raise ProcessingFailed
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise beyond(
            f"{width} × {height} pixels are more than {MAX_SIDE} on a side or {MAX_PIXELS // 10**6} megapixels"
        )
