"""Planes to H.264: one thread draws, another encodes, a short queue of reused frames between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import av

from rendering.engine.errors import ProcessingFailed
from rendering.engine.join import READ, UNSEEN
from rendering.engine.planes import Planes

IN_FLIGHT = 4
"""Frames between the two threads: enough to keep both busy, few enough to be cheap."""
BT709 = 1
LIMITED = 1
REPORT_SECONDS = 0.3

Draw = Callable[[int, Planes], None]
Report = Callable[[dict[str, Any]], None]


def film(path: Path, spec: dict[str, Any], draw: Draw, report: Report) -> None:
    """Write the segment's frames, each drawn by `draw(number, planes)`, and see that all of them are in the file."""
    frames: int = spec["frames"]
    free: SimpleQueue[av.VideoFrame | None] = SimpleQueue()
    ready: SimpleQueue[av.VideoFrame | None] = SimpleQueue()
    for _ in range(IN_FLIGHT):
        free.put(av.VideoFrame(spec["width"], spec["height"], "yuv420p"))
    with ThreadPoolExecutor(1, "encoder") as pool:
        encoder = pool.submit(write, path, spec, ready, free)
        try:
            told = time.monotonic()
            for number in range(frames):
                frame = free.get()
                if frame is None:  # the encoder gave up; its result raises why
                    break
                draw(number, Planes.of(frame))
                frame.pts = number
                ready.put(frame)
                if time.monotonic() - told > REPORT_SECONDS:
                    told = time.monotonic()
                    report({"event": "progress", "frames_done": number + 1, "frames": frames})
        finally:
            ready.put(None)
        encoder.result()
    report({"event": "progress", "frames_done": frames, "frames": frames})
    written = count(path)
    if written != frames:
        raise ProcessingFailed(f"The segment has {written} frames, {frames} were planned.")


def write(
    path: Path,
    spec: dict[str, Any],
    ready: SimpleQueue[av.VideoFrame | None],
    free: SimpleQueue[av.VideoFrame | None],
) -> None:
    """Encode what comes until None comes; every frame goes back to be drawn on again."""
    try:
        fps: int = spec["fps"]
        with av.open(str(path), "w", "mp4", container_options={"video_track_timescale": str(fps * 512)}) as container:
            stream = h264(container, spec)
            while (frame := ready.get()) is not None:
                frame.time_base = Fraction(1, fps)
                container.mux(stream.encode(frame))
                free.put(frame)  # x264 keeps its own copy
            container.mux(stream.encode())
    finally:
        free.put(None)


def h264(container: Any, spec: dict[str, Any]) -> Any:
    """An H.264 stream whose headers depend on size, frame rate and `Encoding` alone, so that segments join by copy."""
    fps, encoding = spec["fps"], spec["encoding"]
    params = {
        "open-gop": 0,
        "keyint": fps * 2,
        "threads": encoding["threads"],
        "lookahead-threads": 1,
        "force-cfr": 1,
        "8x8dct": 1,  # what makes a stream High: of all presets, ultrafast alone would go without and be Baseline
    }
    stream = container.add_stream("libx264", rate=fps)
    stream.width, stream.height, stream.pix_fmt = spec["width"], spec["height"], "yuv420p"
    context = stream.codec_context
    context.time_base = Fraction(1, fps)
    context.thread_count = encoding["threads"]
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED
    context.options = {
        "preset": encoding["preset"],
        "crf": str(encoding["crf"]),
        "profile": "high",
        "x264-params": ":".join(f"{name}={value}" for name, value in params.items()),
    }
    return stream


def count(path: Path) -> int:
    """The frames of a file, without decoding them."""
    with av.open(str(path), format="mp4", options=READ | UNSEEN) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)
