"""A finished film as WebM: VP9 and Opus, made of its decoded frames, and checked."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from rendering.engine.check import digest
from rendering.engine.errors import CheckFailed, SizeLimitTooSmall
from rendering.engine.finished import Report, draft_of, frames
from rendering.engine.loudness import frame_of
from rendering.engine.source import RATE, decoded

CRF = 32
SOUND_BIT_RATE = 128_000
CPU_USED = 5
MOST_PIXELS = 3_000_000_000
"""Beyond so many pixels in all, the encoder's quicker mode: about 50 s of 1080p30."""
BT709, LIMITED = 1, 1
READ = {"protocol_whitelist": "file,pipe", "format_whitelist": "matroska,webm"}
TICK = Fraction(1, 1000)
"""A WebM's clock."""


def handle(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """The child's request `webm`: {path, plan: {frames, fps, width, height}, most_bytes (0: any), output}."""
    plan, source, output = request["plan"], Path(request["path"]), Path(request["output"])
    most: int = request["most_bytes"]
    rate = fitting_rate(most, plan) if most else 0
    with draft_of(output) as draft:
        write(source, draft, plan, rate, report)
        while most and draft.stat().st_size > most and rate > 10_000:
            rate = int(rate * 0.95 * most / draft.stat().st_size)
            write(source, draft, plan, rate, report)
        if most and draft.stat().st_size > most:
            raise SizeLimitTooSmall(f"The WebM does not fit into {most / 1_000_000:g} MB.")
        return check(draft, plan)


def fitting_rate(most: int, plan: dict[str, Any]) -> int:
    """Bits a second for the pictures, so that all of it fits."""
    seconds = plan["frames"] / plan["fps"]
    return max(10_000, int((most * 8 * 0.93) / seconds - sound_rate(most, seconds)))


def sound_rate(most: int, seconds: float) -> int:
    """Sound takes at most a fifth of what there is."""
    return int(min(SOUND_BIT_RATE, max(16_000, most * 8 / seconds / 5))) if most else SOUND_BIT_RATE


def write(source: Path, draft: Path, plan: dict[str, Any], rate: int, report: Report) -> None:
    """Encode the whole film; with a `rate` the pictures' quality gives way to it."""
    fps, total = plan["fps"], plan["frames"]
    with av.open(str(draft), "w", format="webm") as container:
        video = vp9(container, plan, rate)
        audio = container.add_stream("libopus", rate=RATE, layout="stereo")
        audio.codec_context.bit_rate = sound_rate(rate * total // (8 * fps), total / fps) if rate else SOUND_BIT_RATE
        sound = sound_packets(source, audio)
        waiting = next(sound, None)
        for number, frame in enumerate(frames(source, total, report)):
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, fps), 0
            for packet in video.encode(frame):
                while waiting is not None and waiting.dts * waiting.time_base <= packet.dts * packet.time_base:
                    container.mux(waiting)
                    waiting = next(sound, None)
                container.mux(packet)
        container.mux(video.encode())
        while waiting is not None:
            container.mux(waiting)
            waiting = next(sound, None)


def vp9(container: Any, plan: dict[str, Any], rate: int) -> Any:
    """The pictures' stream."""
    stream = container.add_stream("libvpx-vp9", rate=plan["fps"])
    stream.width, stream.height, stream.pix_fmt = plan["width"], plan["height"], "yuv420p"
    context = stream.codec_context
    context.time_base = Fraction(1, plan["fps"])
    context.thread_count = 4
    context.bit_rate = rate
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED
    long = plan["width"] * plan["height"] * plan["frames"] > MOST_PIXELS
    options = {"crf": str(CRF), "deadline": "realtime" if long else "good", "cpu-used": str(CPU_USED)}
    context.options = options | {"row-mt": "1", "tile-columns": "2", "g": str(plan["fps"] * 4)}
    return stream


def sound_packets(source: Path, audio: Any) -> Iterator[Any]:
    """The film's sound as Opus."""
    at = 0
    for block in decoded(source, source.name, 0.0, False):
        yield from audio.encode(frame_of(block, at))
        at += block.shape[1]
    yield from audio.encode()


def check(path: Path, plan: dict[str, Any]) -> dict[str, Any]:
    """Facts about a good WebM: its tracks, every frame at its time, and that the ends and the middle decode."""
    fps, total = plan["fps"], plan["frames"]
    with av.open(str(path), options=READ) as film:
        names = [(stream.type, stream.codec_context.name) for stream in film.streams]
        if [kind for kind, _ in names] != ["video", "audio"] or names[1][1] not in ("opus", "libopus"):
            raise CheckFailed(f"The WebM's tracks are {names}, planned were VP9 and Opus.")
        video = film.streams.video[0]
        codec = video.codec_context
        if "vp9" not in codec.name or (codec.width, codec.height) != (plan["width"], plan["height"]):
            raise CheckFailed(f"The WebM is {codec.name} of {codec.width}×{codec.height}, not as planned.")
        times = [packet.pts * packet.time_base for packet in film.demux(video) if packet.size]
        if len(times) != total:
            raise CheckFailed(f"The WebM has {len(times)} frames, planned were {total}.")
        for number, time in enumerate(times):
            if abs(time - Fraction(number, fps)) > TICK:
                raise CheckFailed(f"Frame {number} of the WebM is shown at {float(time):.3f} s.")
        film.seek(0)
        heard = max((packet.pts + packet.duration) * packet.time_base for packet in film.demux(audio=0) if packet.size)
        if abs(heard - Fraction(total, fps)) > Fraction(1, fps) + Fraction(1, 40):
            raise CheckFailed(f"The WebM's sound lasts {float(heard):.3f} s, planned were {total / fps:.3f} s.")
        for number in sorted({0, total // 2, total - 1}):
            decode(film, video, times[number])
    return {
        "frames": total,
        "duration": total / fps,
        "width": plan["width"],
        "height": plan["height"],
        "size": path.stat().st_size,
        "sha256": digest(path),
    }


def decode(film: Any, video: Any, time: Fraction) -> None:
    """The frame at this time can be seen."""
    film.seek(round(time / video.time_base), stream=video)
    try:
        for frame in film.decode(video):
            if frame.pts * video.time_base >= time:
                return
    except av.FFmpegError as error:
        raise CheckFailed(f"The WebM does not decode at {float(time):.3f} s.") from error
    raise CheckFailed(f"The WebM ends before {float(time):.3f} s.")
