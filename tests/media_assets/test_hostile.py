"""Uploads that would read other files, or cost more than they weigh: refused, and the child stays small and alive."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import av
import psutil
import pytest

from media_assets import ingest
from media_assets.exceptions import MediaError, ProcessingFailed
from tests import footage
from videoserver.work.warm import warm

MOST_BYTES = 512 * 1024**2
Look = Callable[[Path], dict[str, Any]]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    def ask(path: Path) -> dict[str, Any]:
        return ingest.inspect(path, tmp_path, "", tmp_path / "thumbnail.jpg", None)

    return ask


@cache
def zeros() -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(256)) + packer.flush()


def small_and_alive(pid: int | None) -> None:
    child = warm("media_assets.av")
    assert child.pid == pid
    assert pid is not None
    assert psutil.Process(pid).memory_info().rss < MOST_BYTES


def test_no_script_shows_a_strangers_film(look: Look, tmp_path: Path) -> None:
    """Whatever it is wrapped in, a text that names a film gets neither its picture nor its facts."""
    victim = footage.film(tmp_path / "secret.mp4", 0.5)
    look(victim)
    (tmp_path / "thumbnail.jpg").unlink()
    pid = warm("media_assets.av").pid
    scripts = [
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{victim}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{victim}'\n",
        f"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{victim.as_uri()}</BaseURL></MPD>",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5000 RTP/AVP 96\n",
        ";FFMETADATA1\ntitle=x\n",
    ]
    heads = [
        b"",
        b"RIFF\xff\xff\0\0AVI ",
        b"\0\0\0\x18ftypisom\0\0\2\0isomiso2",
        b"\x1a\x45\xdf\xa3\x9fB\x86\x81\1",
        b"ID3\4",
    ]
    for number, (script, head) in enumerate((script, head) for script in scripts for head in heads):
        evil = tmp_path / f"evil-{number}.mp4"
        evil.write_bytes(head + script.encode() * 30)
        with pytest.raises(MediaError) as refusal:
            look(evil)
        assert refusal.value.status == 422
        assert "secret" not in refusal.value.detail
    assert not (tmp_path / "thumbnail.jpg").exists()
    small_and_alive(pid)
    assert look(victim)["type"] == "video"


def test_what_is_small_and_costs_much_is_refused_cheaply(look: Look, tmp_path: Path) -> None:
    assert look(footage.film(tmp_path / "good.mp4", 0.5))["type"] == "video"
    pid = warm("media_assets.av").pid
    day = tmp_path / "day.mkv"
    with av.open(str(day), "w") as container:
        stream: Any = container.add_stream("libx264", rate=1)
        stream.width = stream.height = 16
        for second in (0, 1, 24 * 3600):
            frame = av.VideoFrame.from_image(footage.canvas(0, (16, 16)))
            frame.pts = second
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    crowd = tmp_path / "crowd.mkv"
    with av.open(str(crowd), "w") as container:
        streams: list[Any] = [container.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(64)]
        for stream in streams:
            sound = av.AudioFrame(format="s16", layout="mono", samples=8000)
            sound.sample_rate = 8000
            container.mux(stream.encode(sound))
    for path, reason in ((day, "24.0 hours"), (crowd, "64 streams")):
        with pytest.raises(ProcessingFailed, match=reason):
            look(path)
    small_and_alive(pid)


@pytest.mark.parametrize("chunk", [b"zTXt", b"iTXt", b"iCCP", b"IDAT"])
def test_a_picture_whose_chunks_unpack_to_far_too_much(look: Look, tmp_path: Path, chunk: bytes) -> None:
    """A quarter of a gigabyte in a quarter of a megabyte, in each place where a PNG may pack something."""
    look(footage.picture(tmp_path / "good.png"))
    pid = warm("media_assets.av").pid
    packed = zeros()
    before = {b"zTXt": b"k\0\0", b"iTXt": b"k\0\1\0\0\0", b"iCCP": b"k\0\0", b"IDAT": b""}[chunk]
    rows = zlib.compress(bytes((1 + 64 * 3) * 64))
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)), (chunk, before + packed), (b"IDAT", rows)]
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in (*parts, (b"IEND", b""))
        )
    )
    try:
        look(bomb)
    except MediaError as refusal:
        assert refusal.status == 422
    small_and_alive(pid)
    assert look(tmp_path / "good.png")["type"] == "image"
