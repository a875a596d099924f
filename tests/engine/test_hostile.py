"""Strangers' files as footage, picture and sound: refused with a code, within limits; the next film is made."""

from __future__ import annotations

import hashlib
import random
import shutil
import struct
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest

from rendering.engine import launch
from rendering.engine.segments import split
from rendering.engine.timeline import Clip, ImageLayer, Sound, Timeline, VideoLayer
from tests import footage
from tests.services import lacking
from videoserver.work.sandbox import Child, ChildFailed

MOST_BYTES = 1024**3
"""Far under the child's cap; what one of these files may cost at most."""
CANARY = (255, 0, 255)


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    made = Child(launch.MODULE)
    yield made
    made.close()


def render(child: Child, path: Path, kind: type[ImageLayer | VideoLayer] = VideoLayer) -> Path:
    """A segment of ten frames of what the file shows."""
    name = hashlib.sha256(path.read_bytes()).hexdigest()
    film = Timeline(64, 64, 10, (Clip(10, (kind(asset=name),)),))
    output = path.parent / "made.mp4"
    launch.segment(split(film)[0], {name: path}, output, child=child, deadline=60)
    return output


def hear(child: Child, path: Path) -> None:
    film = Timeline(64, 64, 10, (Clip(10, ()),), (Sound("song", "music"),))
    launch.sound(film, {"song": path}, path.parent / "made.m4a", child=child, deadline=60)


def refused(child: Child, path: Path) -> None:
    """As footage, as a picture and as sound: refused for good, by a child that lives on and stays small."""
    render(child, good(path.parent))
    pid = child.pid
    for use in (
        lambda: render(child, path),
        lambda: render(child, path, ImageLayer),
        lambda: hear(child, path),
    ):
        with pytest.raises(ChildFailed) as failure:
            use()
        assert (failure.value.code, failure.value.permanent) == ("media_processing_failed", True)
        assert str(path.parent) not in failure.value.detail
    assert child.pid == pid
    assert pid is not None
    assert psutil.Process(pid).memory_info().rss < MOST_BYTES
    assert render(child, good(path.parent)).stat().st_size > 500


def good(folder: Path) -> Path:
    path = folder / "good.mp4"
    return path if path.exists() else footage.film(path, 1.0, fps=10, size=(64, 64))


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """Somebody else's film, of one colour that nothing else here has."""
    folder = tmp_path / "victim"
    folder.mkdir()
    path = folder / "secret.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((64, 64, 3), CANARY, np.uint8), "rgb24")))
        container.mux(stream.encode())
    return path


def texts(victim: Path) -> dict[str, bytes]:
    """Scripts that make FFmpeg open other files, when it is let."""
    uri = victim.as_uri()
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{victim}\n#EXT-X-ENDLIST\n"
    mpd = f"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{uri}</BaseURL></MPD>"
    return {
        "hls": playlist.encode(),
        "concat": f"ffconcat version 1.0\nfile '{victim}'\n".encode(),
        "dash": mpd.encode(),
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5000 RTP/AVP 96\n",
        "metadata": b";FFMETADATA1\ntitle=x\n",
        "svg": f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{uri}'/></svg>".encode(),
        "avi": b"RIFF\xff\xff\0\0AVI " + playlist.encode() * 20,
        "mp4": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + playlist.encode() * 20,
        "id3": b"ID3\4\0\0\0\0\0\0" + playlist.encode() * 20,
        "riff": b"RIFF\xff\xff\0\0WAVE" + playlist.encode() * 20,
        "url": f"{uri}\n".encode() * 30,
        "empty": b"",
        "zeros": bytes(4096),
    }


@pytest.mark.parametrize("name", sorted(texts(Path("/nowhere"))))
def test_scripts_that_call_themselves_mp4(child: Child, tmp_path: Path, canary: Path, name: str) -> None:
    path = tmp_path / "evil.mp4"
    path.write_bytes(texts(canary)[name])
    refused(child, path)


def test_a_mov_that_refers_to_another_file_shows_nothing_of_it(child: Child, tmp_path: Path, canary: Path) -> None:
    """The data reference is turned from "in this file" to the victim's path; whatever comes out is not the victim."""
    data = bytearray(good(tmp_path).read_bytes())
    place = data.index(b"url ", data.index(b"dref"))
    data[place : place + 8] = b"alis" + bytes(4)
    path = tmp_path / "evil.mov"
    path.write_bytes(data)
    try:
        shown = render(child, path)
    except ChildFailed as failure:
        assert failure.code == "media_processing_failed"
        return
    with av.open(str(shown)) as film:
        for frame in film.decode(video=0):
            assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - CANARY).mean() > 40


def test_the_child_opens_nothing_that_a_script_names(child: Child, tmp_path: Path, canary: Path) -> None:
    if shutil.which("strace") is None:
        lacking("strace")
    render(child, good(tmp_path))
    log = tmp_path / "trace"
    words = ["strace", "-f", "-q", "-e", "trace=openat,open,connect", "-s", "300", "-o", str(log), "-p", str(child.pid)]
    with subprocess.Popen(words, stderr=subprocess.PIPE) as watcher:
        end = time.monotonic() + 10
        while not log.exists() and watcher.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        if watcher.poll() is not None:
            pytest.skip("strace may not look at processes here")
        time.sleep(0.3)
        for name, text in texts(canary).items():
            path = tmp_path / f"evil-{name}.mp4"
            path.write_bytes(text)
            with pytest.raises(ChildFailed):
                render(child, path)
            with pytest.raises(ChildFailed):
                hear(child, path)
        watcher.terminate()
    seen = log.read_text()
    assert "evil-hls.mp4" in seen
    assert "secret.mp4" not in seen
    assert "AF_INET" not in seen


def test_films_beyond_the_limits(child: Child, tmp_path: Path) -> None:
    day = tmp_path / "day.mkv"
    with av.open(str(day), "w") as container:
        stream: Any = container.add_stream("libx264", rate=1)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        for second in (0, 1, 24 * 3600):
            frame = av.VideoFrame.from_image(footage.canvas(0, (16, 16)))
            frame.pts = second
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    fast = footage.film(tmp_path / "fast.mp4", seconds=0.05, fps=1000, size=(64, 64))
    crowd = tmp_path / "crowd.mkv"
    with av.open(str(crowd), "w") as container:
        streams: list[Any] = [container.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(64)]
        for stream in streams:
            sound = av.AudioFrame(format="s16", layout="mono", samples=800)
            sound.sample_rate = 8000
            container.mux(stream.encode(sound))
    for path, reason in ((day, "24.0 hours"), (fast, "1000 frames a second"), (crowd, "streams")):
        began = time.monotonic()
        with pytest.raises(ChildFailed, match=reason) as failure:
            render(child, path)
        assert (failure.value.code, failure.value.permanent) == ("media_processing_failed", True)
        assert time.monotonic() - began < 10
    with pytest.raises(ChildFailed, match="streams"):
        hear(child, crowd)
    assert render(child, good(tmp_path)).exists()


@pytest.mark.parametrize("size", [(8193, 10), (10, 8193), (6001, 6000), (60000, 60000)])
def test_pictures_that_grow_when_they_are_unpacked(child: Child, tmp_path: Path, size: tuple[int, int]) -> None:
    head = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(10**7), 9)), (b"IEND", b""))
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in chunks
        )
    )
    refused(child, path)


def test_cut_and_mislabelled_files(child: Child, tmp_path: Path) -> None:
    whole = footage.film(tmp_path / "whole.mp4", 1.0, size=(64, 64), sound=True).read_bytes()
    half = tmp_path / "half.mp4"
    half.write_bytes(whole[: len(whole) // 2])
    refused(child, half)
    picture = footage.picture(tmp_path / "a.png").rename(tmp_path / "picture.mp4")
    with pytest.raises(ChildFailed, match="picture"):
        render(child, picture)
    film = footage.film(tmp_path / "b.mp4", 1.0, fps=10, size=(64, 64)).rename(tmp_path / "film.png")
    assert render(child, film).exists()  # its bytes count, not its name
    with pytest.raises(ChildFailed, match="cannot be decoded"):
        render(child, film, ImageLayer)


def test_damaged_bytes_never_harm_the_next_film(child: Child, tmp_path: Path) -> None:
    dice = random.Random(3)
    sources = [
        footage.film(tmp_path / "a.mp4", 0.5, size=(64, 64), sound=True),
        footage.film(tmp_path / "a.webm", 0.5, size=(64, 64), sound=True),
        footage.film(tmp_path / "a.mkv", 0.5, size=(64, 64), sound=True),
        footage.picture(tmp_path / "a.png", (64, 64)),
        footage.picture(tmp_path / "a.jpg", (64, 64)),
        footage.picture(tmp_path / "a.webp", (64, 64)),
        footage.tone(tmp_path / "a.mp3", 0.5),
        footage.tone(tmp_path / "a.flac", 0.5),
    ]
    render(child, good(tmp_path))
    pid = child.pid
    for source in sources:
        whole = source.read_bytes()
        for _ in range(5):
            data = bytearray(whole)
            for _ in range(12):
                data[dice.randrange(len(data))] = dice.randrange(256)
            path = tmp_path / f"damaged{source.suffix}"
            path.write_bytes(data)
            for use in (
                lambda path=path: render(child, path),
                lambda path=path: render(child, path, ImageLayer),
                lambda path=path: hear(child, path),
            ):
                try:
                    use()
                except ChildFailed as failure:
                    assert failure.code == "media_processing_failed", failure
    assert child.pid == pid
    assert pid is not None
    assert psutil.Process(pid).memory_info().rss < MOST_BYTES
    assert render(child, good(tmp_path)).exists()
