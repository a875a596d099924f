"""Footage beyond BT.709: ten bits, HDR, wide colours, fields; made with real encoders, read back as film frames."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from media_assets.av import hdr, previews
from rendering.engine.colours import Converter
from rendering.engine.errors import MediaProcessingFailed
from rendering.engine.timeline import VideoLayer
from tests.engine.drawn import frames
from tests.footage import canvas, number_of

NAME = "e" * 64
SIZE = (320, 180)
WIDE = np.linalg.inv(hdr.TO_709)
"""Light in BT.709 to light in BT.2020."""
TAGS = {"pq": (9, 16, 9), "hlg": (9, 18, 9), "wide": (9, 14, 9), "plain": (1, 1, 1), "untagged": (2, 2, 2)}


def signal(light: tuple[float, ...], kind: str) -> np.ndarray[Any, Any]:
    """R'G'B' (0–1) for BT.709 light, where 1 is white paper; brighter than white is allowed in HDR."""
    wide = np.array(light) @ WIDE.T
    if kind == "pq":
        return hdr.nits_to_pq(np.maximum(wide, 0) * hdr.WHITE)
    if kind == "hlg":
        nits = np.maximum(wide, 0) * hdr.WHITE
        luma = max((nits @ hdr.LUMA_2020) / hdr.PEAK, 1e-9)
        scene = nits / hdr.PEAK * luma ** (1 / hdr.HLG_GAMMA - 1)
        return np.where(
            scene <= 1 / 12,
            np.sqrt(3 * scene),
            hdr.HLG_A * np.log(np.maximum(12 * scene - hdr.HLG_B, 1e-9)) + hdr.HLG_C,
        )
    return (wide if kind == "wide" else np.array(light)) ** (1 / hdr.GAMMA)


def painted(path: Path, rgb: Any, kind: str, codec: str = "libx265", pixels: str = "yuv420p10le") -> Path:
    """Three frames of one colour, tagged as what they are."""
    primaries, transfer, matrix = TAGS[kind]
    quiet = {"preset": "ultrafast", "crf": "4"} | ({"x265-params": "log-level=none"} if codec == "libx265" else {})
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=30, options=quiet if codec.startswith("libx") else {})
        stream.width, stream.height, stream.pix_fmt = *SIZE, pixels
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = primaries, transfer, matrix
        context.color_range = 1
        values = np.broadcast_to(np.round(np.array(rgb) * 65535).astype(np.uint16), (SIZE[1], SIZE[0], 3))
        whole = av.VideoFrame.from_ndarray(np.ascontiguousarray(values), "rgb48le")
        for _ in range(3):
            frame = whole.reformat(
                format=pixels,
                dst_colorspace="BT2020" if matrix == 9 else "ITU709",
                src_color_range="JPEG",
                dst_color_range="MPEG",
            )
            frame.color_primaries, frame.color_trc, frame.colorspace = primaries, transfer, matrix
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def seen(path: Path) -> np.ndarray[Any, Any]:
    (frame,) = frames([VideoLayer(asset=NAME)], assets={NAME: path})
    return np.asarray(frame[90, 160].astype(int))


@pytest.mark.parametrize("kind", ["pq", "hlg"])
def test_hdr_greys_stay_grey_and_white_paper_is_bright_but_not_the_end(tmp_path: Path, kind: str) -> None:
    levels = []
    for light in (0.0, 0.02, 0.18, 0.4, 1.0, 2.5, 4.92):
        shown = seen(painted(tmp_path / f"{light}.mp4", signal((light,) * 3, kind), kind))
        assert shown.max() - shown.min() <= 3
        levels.append(int(shown[1]))
    assert levels == sorted(levels)
    black, dark, grey, middle, paper, bright, peak = levels
    assert black <= 2
    assert abs(dark - 255 * 0.02 ** (1 / 2.4)) <= 4
    assert abs(grey - 255 * 0.18 ** (1 / 2.4)) <= 4
    assert abs(middle - 255 * 0.4 ** (1 / 2.4)) <= 4
    assert 220 <= paper <= 240
    assert paper + 8 <= bright < peak
    assert peak >= 252


@pytest.mark.parametrize("kind", ["pq", "hlg", "wide"])
@pytest.mark.parametrize("light", [(0.3, 0.03, 0.03), (0.03, 0.3, 0.03), (0.03, 0.03, 0.3), (0.3, 0.2, 0.02)])
def test_colours_that_bt709_has_are_kept(tmp_path: Path, kind: str, light: tuple[float, ...]) -> None:
    shown = seen(painted(tmp_path / "colour.mp4", signal(light, kind), kind))
    assert np.abs(shown - 255 * np.array(light) ** (1 / 2.4)).max() <= 7


@pytest.mark.parametrize("kind", ["pq", "hlg", "wide"])
def test_a_thumbnail_has_the_colours_of_the_film(tmp_path: Path, kind: str) -> None:
    path = painted(tmp_path / "a.mp4", signal((0.5, 0.2, 0.1), kind), kind)
    with av.open(str(path)) as container:
        thumbnail = np.asarray(previews.shown(next(container.decode(video=0)), 1.0)).reshape(-1, 3).mean(axis=0)
    assert np.abs(thumbnail - seen(path)).max() < 4, (thumbnail, seen(path))


@pytest.mark.parametrize("kind", ["pq", "hlg", "wide"])
def test_colours_that_it_lacks_become_paler_and_keep_their_hue(kind: str) -> None:
    light = hdr.mapped(np.eye(3) * (1.0 if kind == "wide" else 0.6), kind)  # type: ignore[arg-type]
    assert light.min() >= 0
    assert light.max() <= 1
    assert list(light.argmax(axis=1)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("a.mp4", "libx265", "yuv420p10le"),
        ("a.mkv", "libx265", "yuv444p12le"),
        ("a.mp4", "libx264", "yuv420p10le"),
        ("a.mp4", "libx264", "yuv422p10le"),
        ("a.mp4", "libx264", "yuv444p"),
        ("a.mov", "prores_ks", "yuv422p10le"),
        ("a.webm", "libvpx-vp9", "yuv420p"),
        ("a.mkv", "ffv1", "gbrp10le"),
        ("a.avi", "mjpeg", "yuvj422p"),
    ],
)
def test_every_depth_and_sampling_shows_its_colour(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    shown = seen(painted(tmp_path / name, (0.8, 0.4, 0.2), "plain", codec, pixels))
    assert np.abs(shown - 255 * np.array((0.8, 0.4, 0.2))).max() <= (14 if codec in ("mjpeg", "libvpx-vp9") else 4)


@pytest.mark.parametrize(("size", "matrix"), [((320, 180), "ITU601"), ((1280, 720), "ITU709")])
def test_untagged_footage_is_taken_for_what_players_take_it(tmp_path: Path, size: tuple[int, int], matrix: str) -> None:
    path = tmp_path / "untagged.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "5"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        whole = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), (200, 40, 60), np.uint8), "rgb24")
        frame = whole.reformat(format="yuv420p", dst_colorspace=matrix, dst_color_range="MPEG")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert np.abs(seen(path) - (200, 40, 60)).max() <= 5


def test_interlaced_footage_has_no_comb(tmp_path: Path) -> None:
    """A bar that moves between the fields: each second line of the frame is of another moment."""
    path = tmp_path / "fields.mp4"
    options = {"preset": "ultrafast", "crf": "8", "x264-params": "tff=1"}
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        for number in range(3):
            rgb = np.zeros((192, 320, 3), np.uint8)
            rgb[0::2, 40 + 40 * number : 80 + 40 * number] = 255
            rgb[1::2, 60 + 40 * number : 100 + 40 * number] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, "rgb24")))
        container.mux(stream.encode())
    (shown,) = frames([VideoLayer(asset=NAME)], (1,), assets={NAME: path}, size=(320, 192), fps=25)
    rows = shown[20:170, :, 1].astype(int)
    assert np.abs(np.diff(rows, axis=0)).max() < 30
    assert rows[:, 100].min() > 200
    assert rows[:, 130].max() < 60


def test_numbered_fields_still_come_in_order(tmp_path: Path) -> None:
    path = tmp_path / "numbers.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "x264-params": "tff=1"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number in range(10):
            container.mux(stream.encode(av.VideoFrame.from_image(canvas(number, SIZE))))
        container.mux(stream.encode())
    shown = frames([VideoLayer(asset=NAME)], range(10), assets={NAME: path}, fps=25)
    assert [number_of(frame) for frame in shown] == list(range(10))


def test_colours_that_nobody_can_read_are_refused_with_a_sentence(tmp_path: Path) -> None:
    path = painted(tmp_path / "ictcp.mp4", (0.5, 0.5, 0.5), "pq")
    with av.open(str(path)) as container:
        frame: Any = next(container.decode(video=0))
    frame.colorspace = 14
    with pytest.raises(MediaProcessingFailed, match="ICtCp"):
        Converter().planes(frame, 64, 36)


def test_dolby_vision_for_its_own_decoders_alone_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = painted(tmp_path / "dolby.mp4", (0.5, 0.5, 0.5), "untagged")
    data = path.read_bytes()
    assert data.count(b"hev1") == 1
    path.write_bytes(data.replace(b"hev1", b"dvh1"))
    with pytest.raises(MediaProcessingFailed, match="Dolby Vision"):
        seen(path)
