"""Small test footage, made in a moment: pictures, films whose frames say their number, tones."""

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

BITS = 12
"""Blocks along the top edge that hold a frame's number, the highest bit first: white is 1, black is 0."""
STRIP = 8
"""The blocks' height is one STRIPth of the frame."""
CODECS = {
    ".mp4": ("libx264", "aac"),
    ".mov": ("libx264", "aac"),
    ".mkv": ("libx264", "aac"),
    ".webm": ("libvpx", "libopus"),
}
TONES = {".wav": "pcm_s16le", ".mp3": "libmp3lame", ".m4a": "aac", ".flac": "flac", ".ogg": "libopus"}
RATE = 48_000


def picture(path: Path, size: tuple[int, int] = (320, 180), number: int = 0, seed: int = 0, **save: Any) -> Path:
    """A picture; the suffix chooses its format, `save` goes to Pillow (`exif=…`, `quality=…`)."""
    canvas(number, size, seed).save(path, **save)
    return path


def film(
    path: Path,
    seconds: float = 1.0,
    fps: int = 30,
    size: tuple[int, int] = (320, 180),
    sound: bool | float = False,
    rotation: int = 0,
    pixel_aspect: Fraction | None = None,
    seed: int = 0,
    level_db: float = -20.0,
    **options: str,
) -> Path:
    """A film whose frames say 0, 1, 2 …; `sound` is a tone (its Hz, or True for 440), `options` go to the encoder."""
    video_codec, audio_codec = CODECS[path.suffix]
    quick = {"preset": "ultrafast"} if video_codec == "libx264" else {"deadline": "realtime", "cpu-used": "8"}
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream(video_codec, rate=fps, options=quick | options)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        if pixel_aspect:
            video.sample_aspect_ratio = pixel_aspect
        if rotation:
            video.set_display_rotation(rotation)
        audio: Any = container.add_stream(audio_codec, rate=RATE, layout="stereo") if sound else None
        for number in range(max(1, math.floor(seconds * fps + 0.5))):
            container.mux(video.encode(av.VideoFrame.from_image(canvas(number, size, seed))))
        container.mux(video.encode())
        if audio:
            mux_tone(container, audio, seconds, 440.0 if sound is True else float(sound), level_db)
    return path


def tone(path: Path, seconds: float = 1.0, hertz: float = 440.0, level_db: float = -20.0) -> Path:
    """A stereo sine; the suffix chooses the container: wav, mp3, m4a, flac or ogg."""
    with av.open(str(path), "w") as container:
        audio: Any = container.add_stream(TONES[path.suffix], rate=RATE, layout="stereo")
        mux_tone(container, audio, seconds, hertz, level_db)
    return path


def canvas(number: int, size: tuple[int, int], seed: int = 0) -> Image.Image:
    """A coloured picture that says `number` twice: as digits for people, as blocks for `number_of`."""
    width, height = size
    image = backdrop(size, seed).copy()
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=max(12, height // 4))
    draw.text((width / 2, height / 2), str(number), "white", font, "mm", stroke_width=2, stroke_fill="black")
    for place in range(BITS):
        left, right = place * width // BITS, (place + 1) * width // BITS - 1
        bit = number >> (BITS - 1 - place) & 1
        draw.rectangle((left, 0, right, height // STRIP), fill="white" if bit else "black")
    return image


def number_of(frame: Image.Image | np.ndarray[Any, Any]) -> int:
    """The number that a frame says, whatever its size and however it was encoded."""
    pixels = np.asarray(frame.convert("L") if isinstance(frame, Image.Image) else frame, dtype=float)
    if pixels.ndim == 3:
        pixels = pixels.mean(axis=2)
    height, width = pixels.shape
    row = pixels[height // STRIP // 2]
    number = 0
    for place in range(BITS):
        number = number << 1 | int(row[int((place + 0.5) * width / BITS)] > 127)
    return number


def numbers_of(path: Path) -> list[int]:
    """The numbers that the frames of a film say, in the order in which they are shown."""
    with av.open(str(path)) as container:
        return [number_of(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


@lru_cache(maxsize=32)
def backdrop(size: tuple[int, int], seed: int) -> Image.Image:
    """Soft waves of colour, others for each seed."""
    across, down = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    waves: Iterable[Any] = (
        128 + 100 * np.sin(2 * math.pi * (across * (1 + part % 2) + down * 0.5 + seed * 0.618 + part / 3))
        for part in range(3)
    )
    return Image.fromarray(np.stack(list(waves), axis=-1).astype(np.uint8))


def mux_tone(container: Any, audio: Any, seconds: float, hertz: float, level_db: float = -20.0) -> None:
    """Write a sine of exactly `seconds` into an audio stream."""
    samples = math.floor(seconds * RATE + 0.5)
    wave = (10 ** (level_db / 20) * 32767 * np.sin(2 * math.pi * hertz * np.arange(samples) / RATE)).astype(np.int16)
    for start in range(0, samples, 1024):
        part = np.repeat(wave[start : start + 1024], 2).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = RATE, start
        container.mux(audio.encode(frame))
    container.mux(audio.encode())
