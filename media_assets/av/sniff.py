"""What a file is, by its first bytes. Never by its name, never by what the client says."""

from dataclasses import dataclass
from pathlib import Path

from media_assets.exceptions import FileEmpty, UnexpectedType

HEAD = 4096
STILLS = {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis"}
"""Brands of ISO files that are pictures: FFmpeg would open them as films."""
ISO_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}


@dataclass(frozen=True)
class Kind:
    """A container or picture format that we take."""

    format: str
    demuxer: str = ""
    """The only FFmpeg demuxer that may open it; empty for pictures."""
    video: str = ""
    audio: str = ""
    image: str = ""
    """The content type, as which each kind of content is served."""
    suffix: str = ""
    audio_suffix: str = ""


KINDS = {
    kind.format: kind
    for kind in (
        Kind("png", image="image/png", suffix=".png"),
        Kind("jpeg", image="image/jpeg", suffix=".jpg"),
        Kind("webp", image="image/webp", suffix=".webp"),
        Kind("mp4", "mov", "video/mp4", "audio/mp4", suffix=".mp4", audio_suffix=".m4a"),
        Kind("mov", "mov", "video/quicktime", "audio/mp4", suffix=".mov", audio_suffix=".m4a"),
        Kind("webm", "matroska", "video/webm", "audio/webm", suffix=".webm", audio_suffix=".webm"),
        Kind("mkv", "matroska", "video/x-matroska", "audio/x-matroska", suffix=".mkv", audio_suffix=".mka"),
        Kind("avi", "avi", "video/x-msvideo", "", suffix=".avi"),
        Kind("ogg", "ogg", "video/ogg", "audio/ogg", suffix=".ogv", audio_suffix=".ogg"),
        Kind("mp3", "mp3", "", "audio/mpeg", audio_suffix=".mp3"),
        Kind("wav", "wav", "", "audio/wav", audio_suffix=".wav"),
        Kind("flac", "flac", "", "audio/flac", audio_suffix=".flac"),
        Kind("aac", "aac", "", "audio/aac", audio_suffix=".aac"),
    )
}


def sniff(path: Path) -> Kind:
    """The kind of a file, or a refusal."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise FileEmpty
    if name := _name(head):
        return KINDS[name]
    raise UnexpectedType


def _name(head: bytes) -> str:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"RIFF"):
        return {b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}.get(head[8:12], "")
    if head[4:8] in ISO_BOXES:
        return _iso(head)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm" if b"\x42\x82\x84webm" in head[:96] else "mkv"
    if head.startswith(b"OggS"):
        return "ogg"
    if head.startswith(b"fLaC"):
        return "flac"
    if head.startswith(b"ID3"):
        return "mp3"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return _mpeg_audio(head[1])
    return ""


def _iso(head: bytes) -> str:
    if head[4:8] != b"ftyp":
        return "mov"  # QuickTime before it had brands
    brand = head[8:12]
    if brand in STILLS:
        return ""
    return "mov" if brand == b"qt  " else "mp4"


def _mpeg_audio(second: int) -> str:
    version, layer = second >> 3 & 3, second >> 1 & 3
    if second & 0xF6 == 0xF0:
        return "aac"
    return "" if version == 1 or layer == 0 else "mp3"
