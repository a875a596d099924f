"""The child says what a file is, and refuses what is none."""

import random
import struct
import subprocess
import sys
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image, ImageCms

from media_assets import ingest
from media_assets.exceptions import (
    FileEmpty,
    FileTooSmall,
    MediaError,
    NotAVideo,
    ProcessingFailed,
    UnexpectedType,
)
from tests import footage


@pytest.fixture
def look(tmp_path: Path) -> Any:
    """`look(path)` asks the child; the thumbnail is at `look.thumbnail`, the clean picture at `look.clean`."""

    def ask(path: Path, expect: str = "", clean: bool = False) -> dict[str, Any]:
        return ingest.inspect(path, tmp_path, expect, ask.thumbnail, ask.clean if clean else None)

    ask.thumbnail, ask.clean = tmp_path / "thumbnail.jpg", tmp_path / "clean"
    return ask


def test_a_film_is_known_by_its_own_bytes(look: Any, tmp_path: Path) -> None:
    film = footage.film(tmp_path / "film.mp4", seconds=1, fps=25, size=(320, 180), sound=True)
    seen = look(film.rename(tmp_path / "film.jpg"))
    assert (seen["type"], seen["content_type"], seen["suffix"]) == ("video", "video/mp4", ".mp4")
    facts = seen["facts"]
    assert (facts["width"], facts["height"], facts["frame_rate"], facts["duration"]) == (320, 180, 25, 1)
    assert (facts["codec"], facts["format"], facts["has_audio"]) == ("h264", "mp4", True)
    assert (facts["audio_codec"], facts["sample_rate"], facts["channels"]) == ("aac", 48000, 2)
    assert facts["bitrate"] > 10_000


@pytest.mark.parametrize(
    ("suffix", "content_type", "codec"),
    [(".mov", "video/quicktime", "h264"), (".mkv", "video/x-matroska", "h264"), (".webm", "video/webm", "vp8")],
)
def test_each_kind_of_film(look: Any, tmp_path: Path, suffix: str, content_type: str, codec: str) -> None:
    seen = look(footage.film(tmp_path / f"film{suffix}", seconds=0.5, sound=True))
    assert (seen["content_type"], seen["suffix"], seen["facts"]["codec"]) == (content_type, suffix, codec)
    assert seen["facts"]["duration"] == pytest.approx(0.5, abs=0.05)
    assert seen["facts"]["frame_rate"] == pytest.approx(30, abs=0.1)


@pytest.mark.parametrize(
    ("suffix", "content_type"),
    [
        (".wav", "audio/wav"),
        (".mp3", "audio/mpeg"),
        (".m4a", "audio/mp4"),
        (".flac", "audio/flac"),
        (".ogg", "audio/ogg"),
    ],
)
def test_each_kind_of_sound(look: Any, tmp_path: Path, suffix: str, content_type: str) -> None:
    seen = look(footage.tone(tmp_path / f"tone{suffix}"))
    assert (seen["type"], seen["content_type"], seen["suffix"]) == ("audio", content_type, suffix)
    assert seen["facts"]["duration"] == pytest.approx(1, abs=0.05)
    assert not seen["thumbnail"]


def test_the_thumbnail_is_the_first_frame_320_wide(look: Any, tmp_path: Path) -> None:
    look(footage.film(tmp_path / "film.mp4", size=(640, 360)))
    with Image.open(look.thumbnail) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (320, 180))
        assert footage.number_of(thumbnail) == 0


def test_a_turned_film_has_the_size_and_thumbnail_that_people_see(look: Any, tmp_path: Path) -> None:
    upright = footage.film(tmp_path / "upright.mp4", seconds=0.2, size=(320, 180))
    turned = footage.film(tmp_path / "turned.mp4", seconds=0.2, size=(320, 180), rotation=90)
    look(upright)
    reference = Image.open(look.thumbnail).convert("L")
    facts = look(turned)["facts"]
    assert (facts["width"], facts["height"], facts["rotation"]) == (180, 320, 90)
    with Image.open(look.thumbnail) as thumbnail:
        assert thumbnail.size == (320, 569)
        back = thumbnail.convert("L").transpose(Image.Transpose.ROTATE_270).resize(reference.size)
    assert footage.number_of(back) == 0
    difference = sum(abs(a - b) for a, b in zip(back.tobytes(), reference.tobytes(), strict=True))
    assert difference / len(reference.tobytes()) < 4


def test_wide_pixels_make_a_wide_film(look: Any, tmp_path: Path) -> None:
    facts = look(footage.film(tmp_path / "film.mp4", size=(240, 180), pixel_aspect=Fraction(4, 3)))["facts"]
    assert (facts["width"], facts["height"]) == (320, 180)
    assert (facts["coded_width"], facts["coded_height"]) == (240, 180)
    with Image.open(look.thumbnail) as thumbnail:
        assert thumbnail.size == (320, 180)


def test_a_picture_loses_what_its_camera_said_and_stands_upright(look: Any, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned
    exif.get_ifd(0x8825)[1] = "N"  # somewhere in the north
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = footage.picture(tmp_path / "photo.jpg", size=(320, 180), number=5, exif=exif, icc_profile=profile)
    seen = look(photo, clean=True)
    assert (seen["type"], seen["suffix"], seen["clean"]) == ("image", ".jpg", True)
    assert (seen["facts"]["width"], seen["facts"]["height"], seen["facts"]["format"]) == (180, 320, "jpeg")
    with Image.open(look.clean) as clean:
        assert clean.size == (180, 320) and not clean.getexif() and "icc_profile" not in clean.info
        assert footage.number_of(clean.transpose(Image.Transpose.ROTATE_90)) == 5


@pytest.mark.parametrize(
    ("name", "mode", "save", "becomes"),
    [
        ("a.png", "RGB", {}, ("png", "RGB")),
        ("a.png", "RGBA", {}, ("png", "RGBA")),
        ("a.png", "P", {}, ("png", "RGB")),
        ("a.png", "I;16", {}, ("png", "L")),
        ("a.png", "1", {}, ("png", "L")),
        ("a.jpg", "L", {}, ("jpeg", "L")),
        ("a.jpg", "CMYK", {}, ("jpeg", "RGB")),
        ("a.webp", "RGB", {}, ("jpeg", "RGB")),
        ("a.webp", "RGBA", {}, ("png", "RGBA")),
        ("a.webp", "RGB", {"lossless": True}, ("png", "RGB")),
    ],
)
def test_each_kind_of_picture_becomes_a_plain_one(
    look: Any, tmp_path: Path, name: str, mode: str, save: dict[str, Any], becomes: tuple[str, str]
) -> None:
    image = footage.canvas(9, (320, 180))
    if mode == "RGBA":
        image.putalpha(200)
    image = image.convert("L").convert("I").point(lambda value: value * 257).convert(mode) if mode == "I;16" else image
    image.convert(mode).save(tmp_path / name, **save)
    seen = look(tmp_path / name, clean=True)
    with Image.open(look.clean) as clean:
        assert (seen["facts"]["format"], clean.format, clean.mode) == (becomes[0], becomes[0].upper(), becomes[1])
        assert footage.number_of(clean.convert("RGB")) == 9


def png_that_says(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


@pytest.mark.parametrize("size", [(8193, 10), (10, 8193), (6001, 6000), (60000, 60000)])
def test_a_picture_beyond_the_limits_is_refused_before_it_is_decoded(
    look: Any, tmp_path: Path, size: tuple[int, int]
) -> None:
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png_that_says(*size))
    with pytest.raises(ProcessingFailed):
        look(bomb)


def test_a_film_beyond_the_limits_is_refused(look: Any, tmp_path: Path) -> None:
    with pytest.raises(ProcessingFailed, match="1000 frames a second"):
        look(footage.film(tmp_path / "fast.mp4", seconds=0.05, fps=1000))
    day = tmp_path / "day.mp4"
    with av.open(str(day), "w") as container:
        stream: Any = container.add_stream("libx264", rate=1)
        stream.width = stream.height = 64
        for second in (0, 1, 3 * 3600):
            frame = av.VideoFrame.from_image(footage.canvas(0, (64, 64)))
            frame.pts = second
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert day.stat().st_size < 10_000
    with pytest.raises(ProcessingFailed, match=r"3\.0 hours"):
        look(day)
    crowd = tmp_path / "crowd.mkv"
    with av.open(str(crowd), "w") as container:
        streams: list[Any] = [container.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(9)]
        for stream in streams:
            sound = av.AudioFrame(format="s16", layout="mono", samples=8000)
            sound.sample_rate = 8000
            container.mux(stream.encode(sound))
    with pytest.raises(ProcessingFailed, match="9 streams"):
        look(crowd)


HTML = b"<!doctype html><script>alert(1)</script>" * 40
PLAYLIST = b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n" * 40
CONCAT = b"ffconcat version 1.0\nfile /etc/passwd\n" * 40
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>" * 40
DASH = (
    b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>file:///etc/passwd</BaseURL></MPD>" * 20
)
SDP = b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5000 RTP/AVP 96\n" * 20
META = b";FFMETADATA1\ntitle=x\n" * 60
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 2000


@pytest.mark.parametrize("data", [HTML, PLAYLIST, CONCAT, SVG, DASH, SDP, META, HEIC, b"PK\3\4" * 500, b"GIF89a" * 300])
def test_what_is_no_media_is_refused_whatever_it_is_called(look: Any, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "evil.mp4"
    path.write_bytes(data)
    with pytest.raises(NotAVideo):
        look(path, "video")
    with pytest.raises(UnexpectedType):
        look(path)


def test_a_playlist_inside_a_container_is_not_followed(look: Any, tmp_path: Path) -> None:
    for head in (
        b"RIFF\xff\xff\0\0AVI ",
        b"\0\0\0\x18ftypisom\0\0\2\0isomiso2",
        b"\x1a\x45\xdf\xa3\x9fB\x86\x81\1",
        b"ID3",
    ):
        path = tmp_path / "evil.mp4"
        path.write_bytes(head + PLAYLIST)
        with pytest.raises(MediaError):
            look(path)


def test_empty_and_tiny_and_cut_files_have_their_own_sentences(look: Any, tmp_path: Path) -> None:
    whole = footage.film(tmp_path / "whole.mp4", sound=True).read_bytes()
    cases: list[tuple[int, type[MediaError], str]] = [
        (0, FileEmpty, "Downloaded file is empty"),
        (26, FileTooSmall, "File too small"),
        (1023, FileTooSmall, "File too small"),
        (len(whole) // 2, NotAVideo, "Not a valid video"),
        (len(whole) - 1, NotAVideo, "Not a valid video"),
    ]
    for length, refusal, sentence in cases:
        path = tmp_path / "cut.mp4"
        path.write_bytes(whole[:length])
        with pytest.raises(refusal) as refused:
            look(path)
        assert (refused.value.detail, refused.value.status) == (sentence, 422)


@pytest.mark.parametrize("name", ["cut.webm", "cut.mkv", "cut.png", "cut.jpg", "cut.webp", "cut.wav", "cut.flac"])
def test_half_a_file_is_refused_in_every_format(look: Any, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix in (".webm", ".mkv"):
        # The length of a Matroska file is written at the end of the work, so a finished one knows when it is cut.
        footage.film(path, seconds=1)
    elif path.suffix in (".wav", ".flac"):
        footage.tone(path, seconds=3)
    else:
        footage.picture(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaError):
        look(path)


def test_another_type_than_the_expected_one_is_refused(look: Any, tmp_path: Path) -> None:
    picture, tone = footage.picture(tmp_path / "a.png"), footage.tone(tmp_path / "a.wav")
    with pytest.raises(NotAVideo):
        look(picture, "video")
    with pytest.raises(UnexpectedType):
        look(tone, "image")


def test_damaged_files_never_harm_the_child_for_the_next_one(look: Any, tmp_path: Path) -> None:
    dice = random.Random(1)
    sources = [
        footage.film(tmp_path / "a.mp4", seconds=0.3, sound=True),
        footage.film(tmp_path / "a.webm", seconds=0.3, sound=True),
        footage.picture(tmp_path / "a.png"),
        footage.picture(tmp_path / "a.webp"),
        footage.tone(tmp_path / "a.mp3", seconds=0.3),
    ]
    for source in sources:
        whole = source.read_bytes()
        for _ in range(6):
            data = bytearray(whole)
            for _ in range(20):
                data[dice.randrange(len(data))] = dice.randrange(256)
            path = tmp_path / f"damaged{source.suffix}"
            path.write_bytes(data)
            try:
                look(path)
            except MediaError as refusal:
                assert refusal.status == 422
    assert look(sources[0])["type"] == "video"


def test_the_parent_never_opens_media(tmp_path: Path) -> None:
    code = (
        "import django; django.setup(); import media_assets.ingest, media_assets.serving, media_assets.api.urls, sys;"
    )
    code += "print([name for name in ('av', 'cv2', 'moviepy') if name in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert answer.stdout.strip() == "[]"
