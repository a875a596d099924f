"""A film's preview as an animated GIF: small, at most ten frames a second, its palette made for it; and checked."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from rendering.engine.check import digest
from rendering.engine.errors import CheckFailed, SizeLimitTooSmall
from rendering.engine.finished import Report, draft_of, opened
from rendering.engine.poster import frame_at

WIDEST = 480
FASTEST = 10
LONGEST = 60
"""Seconds; of a longer film the preview is its beginning."""
SMALLER = ((1.0, 1), (0.75, 1), (0.5, 2), (0.35, 2), (0.25, 5))
"""(share of the size, one of so many frames) to try one after the other when the file may have only so many bytes."""
PALETTE_FRAMES = 24
READ = {"protocol_whitelist": "file,pipe", "format_whitelist": "gif"}
CLOCK = 100
"""A GIF counts hundredths of a second."""


def handle(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """The child's request `gif`: {path, plan: {frames, fps, width, height}, most_bytes (0: any), output}."""
    plan, source, output = request["plan"], Path(request["path"]), Path(request["output"])
    most: int = request["most_bytes"]
    with draft_of(output) as draft:
        for share, slower in SMALLER:
            numbers = picked(plan["frames"], plan["fps"], slower)
            size = measures(plan["width"], plan["height"], share)
            palette = palette_of(source, numbers, size, plan["fps"])
            write(source, draft, numbers, plan["fps"], size, palette, report)
            if not most or draft.stat().st_size <= most:
                return check(draft, len(numbers), min(plan["frames"] / plan["fps"], LONGEST), size)
        raise SizeLimitTooSmall(f"The preview does not fit into {most / 1_000_000:g} MB.")


def picked(frames: int, fps: int, slower: int = 1) -> list[int]:
    """Which frames of the film are shown, evenly spread over its first minute."""
    rate = Fraction(min(fps, FASTEST), slower)
    count = max(1, round(Fraction(min(frames, LONGEST * fps), fps) * rate))
    return [min(int(number * fps / rate), frames - 1) for number in range(count)]


def measures(width: int, height: int, share: float) -> tuple[int, int]:
    """At most so wide, in the film's shape; both sides even."""
    scale = min(1.0, WIDEST / width) * share
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def chosen(source: Path, numbers: list[int], report: Report) -> Iterator[Any]:
    """The frames with these numbers."""
    wanted, done = set(numbers), 0
    with opened(source) as film:
        for number, frame in enumerate(film.decode(video=0)):
            if number in wanted:
                done += 1
                report({"event": "progress", "done": done, "total": len(numbers)})
                yield frame
            if number >= numbers[-1]:
                return


def palette_of(source: Path, numbers: list[int], size: tuple[int, int], fps: int) -> Any:
    """256 colours for all these frames, taken from some of them: all would take many times as long for no better."""
    half = max(2, size[0] // 2), max(2, size[1] // 2)
    graph = None
    with opened(source) as film:
        for place, number in enumerate(numbers[:: -(-len(numbers) // PALETTE_FRAMES)]):
            frame = frame_at(film, number, fps)
            if graph is None:
                graph = linked(frame, [small(half), ("palettegen", "stats_mode=full")])
            frame.pts, frame.time_base = place, Fraction(1, CLOCK)
            graph.push(frame)
    if graph is None:
        raise CheckFailed("The film has no frame for a preview.")
    graph.push(None)
    return graph.pull()


def write(
    source: Path,
    draft: Path,
    numbers: list[int],
    fps: int,
    size: tuple[int, int],
    palette: Any,
    report: Report,
) -> None:
    """Draw the frames with the palette; each is shown at its own time in the film."""
    lasts = round(CLOCK * (numbers[1] if len(numbers) > 1 else fps) / fps)
    with av.open(str(draft), "w", format="gif", options={"final_delay": str(lasts)}) as container:
        stream = container.add_stream("gif", rate=CLOCK)
        stream.width, stream.height, stream.pix_fmt = *size, "pal8"
        stream.codec_context.time_base = Fraction(1, CLOCK)
        graph = None
        for place, frame in enumerate(chosen(source, numbers, report)):
            if graph is None:
                graph = coloured(frame, size, palette)
            frame.pts, frame.time_base = round(numbers[place] * CLOCK / fps), Fraction(1, CLOCK)
            graph[1].push(frame)
            container.mux(packets(graph[0], stream))
        if graph is not None:
            graph[1].push(None)
            container.mux(packets(graph[0], stream))
        container.mux(stream.encode())


def packets(graph: Any, stream: Any) -> list[Any]:
    """What is ready."""
    ready: list[Any] = []
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return ready
        ready += stream.encode(frame)


def small(size: tuple[int, int]) -> tuple[str, str]:
    """The filter that makes frames small, out of BT.709."""
    return "scale", f"{size[0]}:{size[1]}:flags=area:in_color_matrix=bt709"


def linked(frame: Any, filters: list[tuple[str, str]]) -> Any:
    """Filters one after the other. Their texts hold numbers of ours only."""
    graph = av.filter.Graph()
    node = buffer_of(graph, frame)
    for name, options in [*filters, ("buffersink", "")]:
        following = graph.add(name, options or None)
        node.link_to(following)
        node = following
    graph.configure()
    return graph


def coloured(frame: Any, size: tuple[int, int], palette: Any) -> tuple[Any, Any]:
    """A graph that draws frames with a palette, and the door where they go in."""
    graph = av.filter.Graph()
    pictures, colours = buffer_of(graph, frame), buffer_of(graph, palette)
    name, options = small(size)
    scale, use = graph.add(name, options), graph.add("paletteuse", "dither=bayer:bayer_scale=4:diff_mode=rectangle")
    sink = graph.add("buffersink")
    pictures.link_to(scale)
    scale.link_to(use, 0, 0)
    colours.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    palette.pts, palette.time_base = 0, Fraction(1, CLOCK)
    colours.push(palette)
    colours.push(None)
    return graph, pictures


def buffer_of(graph: Any, frame: Any) -> Any:
    """A filter graph's door for frames like this one."""
    return graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, CLOCK))


def check(path: Path, frames: int, seconds: float, size: tuple[int, int]) -> dict[str, Any]:
    """Facts about a good preview: one GIF track, every frame decodes, and it lasts as long as it should."""
    with av.open(str(path), options=READ) as film:
        if [stream.type for stream in film.streams] != ["video"]:
            raise CheckFailed("The preview is not one GIF track.")
        seen, lasts = 0, 0.0
        for packet in film.demux(video=0):
            if packet.size:
                lasts = float((packet.pts + packet.duration) * packet.time_base)
            for frame in packet.decode():
                if (frame.width, frame.height) != size:
                    raise CheckFailed(f"The preview is {frame.width}×{frame.height}, planned was {size[0]}×{size[1]}.")
                seen += 1
    if seen != frames:
        raise CheckFailed(f"The preview has {seen} frames, planned were {frames}.")
    if abs(lasts - seconds) > 1.1 * seconds / frames + 0.05:
        raise CheckFailed(f"The preview lasts {lasts:.2f} s, planned were {seconds:.2f} s.")
    return {
        "frames": frames,
        "duration": round(lasts, 3),
        "width": size[0],
        "height": size[1],
        "size": path.stat().st_size,
        "sha256": digest(path),
    }
