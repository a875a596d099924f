"""The other ways to the same film, as commands: the floor, FFmpeg's filter graph, idiomatic MoviePy."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import av
import imageio_ffmpeg

from rendering.engine import captions
from rendering.engine.motion import ZOOM
from rendering.engine.segments import Encoding
from rendering.workflow import crew
from tests.bench.material import CROSSFADE_SECONDS, FPS, SCENE_SECONDS, SIZE
from tests.bench.moviepy_film import CAPTION_FROM_BELOW, FONT

QUIET = ["-hide_banner", "-loglevel", "error", "-nostdin", "-y"]


def threads() -> int:
    """As many as the engine's encoders have together."""
    return crew.size() * Encoding().threads


def x264() -> list[str]:
    """The engine's own settings of x264."""
    encoding = Encoding()
    parameters = f"open-gop=0:keyint={FPS * 2}:threads={threads()}:lookahead-threads=1:force-cfr=1"
    return [
        *("-c:v", "libx264", "-preset", encoding.preset, "-crf", str(encoding.crf), "-profile:v", "high"),
        *("-threads", str(threads()), "-x264-params", parameters, "-pix_fmt", "yuv420p"),
    ]


def floor(frames: Path, output: Path) -> list[str]:
    """Nothing but encoding: ready-made yuv420p frames from a file that lies in the page cache."""
    size = f"{SIZE[0]}x{SIZE[1]}"
    source = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size, "-r", str(FPS), "-i", f"file:{frames}"]
    return [imageio_ffmpeg.get_ffmpeg_exe(), *QUIET, *source, *x264(), f"file:{output}"]


def overlay(footage: Path, picture: Path, output: Path) -> list[str]:
    """FFmpeg's own overlay of a PNG over the whole of a footage, its sound encoded anew."""
    over = ["-filter_complex", "[0:v][1:v]overlay=format=yuv420[v]", "-map", "[v]", "-map", "0:a", "-c:a", "aac"]
    sources = ["-i", f"file:{footage}", "-i", f"file:{picture}"]
    return [imageio_ffmpeg.get_ffmpeg_exe(), *QUIET, *sources, *over, "-b:a", "192k", *x264(), f"file:{output}"]


def graph(document: Path, folder: Path, output: Path, frames: int, finer: int = 1) -> list[str]:
    """FFmpeg alone: zoompan, drawtext, xfade, with stills of `finer` times their size.

    The captions go through files, as text of people must.
    """
    scenes = json.loads(document.read_text())["scenes"]
    length = round(SCENE_SECONDS * FPS)
    enlarged = f"scale={finer}*iw:-1:flags=bicubic," if finer > 1 else ""
    inputs: list[str] = []
    chains: list[str] = []
    for number, scene in enumerate(scenes):
        words = folder / f"caption-{number}.txt"
        words.write_text(scene["caption"])
        inputs += ["-i", f"file:{document.parent / scene['params']['image']}"]
        size = round(captions.SIZE * min(SIZE))
        chains.append(
            f"[{number}:v]{enlarged}zoompan=z='pow({ZOOM},on/{length - 1})':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2'"
            f":d={length}:s={SIZE[0]}x{SIZE[1]}:fps={FPS},"
            f"drawtext=fontfile={FONT}:textfile={words}:expansion=none:fontsize={size}:fontcolor=white:box=1"
            f":boxcolor={captions.PLATE.replace('#', '0x')}:boxborderw=11|29"
            f":x=(w-text_w)/2:y=h*{1 - CAPTION_FROM_BELOW}-text_h-11,format=yuv420p,settb=1/{FPS}[s{number}]"
        )
    before = "s0"
    for number in range(1, len(scenes)):
        offset = number * (SCENE_SECONDS - CROSSFADE_SECONDS)
        chains.append(
            f"[{before}][s{number}]xfade=transition=fade:duration={CROSSFADE_SECONDS}:offset={offset}[x{number}]"
        )
        before = f"x{number}"
    ends = ["-map", f"[{before}]", "-frames:v", str(frames), *x264(), f"file:{output}"]
    return [imageio_ffmpeg.get_ffmpeg_exe(), *QUIET, *inputs, "-filter_complex", ";".join(chains), *ends]


def moviepy(document: Path, output: Path, frames: int) -> list[str]:
    """MoviePy as its documentation shows it; into a folder: every `frames`-th frame as a picture."""
    return [sys.executable, "-m", "tests.bench.moviepy_film", str(document), str(output), str(frames)]


def decoded(film: Path, output: Path) -> int:
    """A film's frames as raw yuv420p in one file; how many there were."""
    count = 0
    with av.open(str(film)) as container, output.open("wb") as file:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            file.write(frame.to_ndarray(format="yuv420p").tobytes())
            count += 1
    return count


def count(film: Path) -> int:
    """Frames of a film, by its packets."""
    with av.open(str(film)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)
