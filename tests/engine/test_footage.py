"""Footage: the right frame at each time, upright, in its shape, its colours kept."""

from fractions import Fraction

import av
import numpy as np
import pytest

from rendering.engine.errors import MediaProcessingFailed
from rendering.engine.footage import Footage
from rendering.engine.planes import to_rgb
from rendering.engine.timeline import VideoLayer
from tests.engine.drawn import frames
from tests.footage import canvas, film, number_of

NAME = "f" * 64


def numbers(path, wanted, *, fps=30, start=0.0, size=(320, 180)):
    layer = VideoLayer(asset=NAME, start=start)
    return [number_of(frame) for frame in frames([layer], wanted, assets={NAME: path}, fps=fps, size=size, length=9999)]


def raw(path, times, fps=30, size=(320, 180)):
    """Frames 0, 1, 2 … shown at these times (milliseconds): a variable frame rate."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_image(canvas(number, size))
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def painted(path, rgb, size=(320, 180), **tags):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "5"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        spaces = {"space": 1, "full": 1} | tags
        stream.codec_context.colorspace, stream.codec_context.color_range = spaces["space"], spaces["full"]
        whole = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), rgb, np.uint8), "rgb24")
        for _ in range(3):
            frame = whole.reformat(
                format="yuv420p",
                dst_colorspace="ITU709" if spaces["space"] == 1 else "ITU601",
                dst_color_range="JPEG" if spaces["full"] == 2 else "MPEG",
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_frames_of_the_same_rate_come_one_by_one(tmp_path):
    path = film(tmp_path / "numbers.mp4", 1.0)
    assert numbers(path, range(30)) == list(range(30))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".mov"])
def test_another_rate_repeats_or_leaves_out_frames_evenly(tmp_path, suffix):
    path = film(tmp_path / f"numbers{suffix}", 1.0, fps=25)
    assert numbers(path, range(50), fps=50) == [number // 2 for number in range(50)]
    path = film(tmp_path / f"more{suffix}", 1.0, fps=60)
    assert numbers(path, range(30), fps=30) == list(range(0, 60, 2))


def test_a_start_inside_the_footage_is_exact(tmp_path):
    path = film(tmp_path / "numbers.mp4", 5.0, g="25")
    assert numbers(path, (0, 1, 29), start=3.5) == [105, 106, 134]
    assert numbers(path, (120, 121), start=0.1) == [123, 124]


def test_the_last_frame_is_held(tmp_path):
    path = film(tmp_path / "short.mp4", 0.5)
    assert numbers(path, (13, 14, 15, 40)) == [13, 14, 14, 14]


def test_a_step_back_is_found_again(tmp_path):
    path = film(tmp_path / "numbers.mp4", 1.0)
    assert numbers(path, (20, 5, 6, 29, 0)) == [20, 5, 6, 29, 0]


def test_with_a_variable_rate_the_frame_shown_at_each_time_counts(tmp_path):
    path = raw(tmp_path / "variable.mkv", (0, 33, 500, 900, 933))
    assert numbers(path, (0, 1, 2, 14, 15, 26, 27, 28, 60)) == [0, 1, 1, 1, 2, 2, 3, 4, 4]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_film_is_shown_upright(tmp_path, rotation):
    path = film(tmp_path / "phone.mp4", 0.2, size=(320, 180), rotation=rotation)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        turned, rgb = frame.rotation % 360, frame.to_ndarray(format="rgb24")
    assert turned in (90, 180, 270)
    upright = np.rot90(rgb, turned // 90)
    size = upright.shape[1], upright.shape[0]
    footage = Footage(path, NAME, size, "cover", True)
    footage.seek(0)
    shown = to_rgb(footage.bitmap().planes)
    footage.close()
    assert np.abs(shown.astype(int) - upright).mean() < 6


def test_pixels_that_are_not_square_are_not_stretched(tmp_path):
    """180 × 180 with pixels 16:9 is a wide picture: contained in a wide frame it leaves no edge."""
    path = film(tmp_path / "anamorphic.mp4", 0.2, size=(180, 180), pixel_aspect=Fraction(16, 9))
    (wide,) = frames([VideoLayer(asset=NAME, fit="contain", backdrop=False)], assets={NAME: path}, background="#ff00ff")
    assert number_of(wide) == 0
    assert np.abs(wide[90, 2].astype(int) - (255, 0, 255)).max() > 60


def test_contained_footage_lies_before_a_dark_blur(tmp_path):
    path = painted(tmp_path / "tall.mp4", (200, 200, 200), (180, 320))
    (frame,) = frames([VideoLayer(asset=NAME, fit="contain")], assets={NAME: path})
    assert abs(int(frame[90, 160, 0]) - 200) <= 4
    assert abs(int(frame[90, 10, 0]) - 130) <= 8


def test_a_box_holds_the_footage(tmp_path):
    path = painted(tmp_path / "white.mp4", (255, 255, 255))
    layer = VideoLayer(asset=NAME, box=(100, 40, 120, 80))
    (frame,) = frames([layer], assets={NAME: path})
    assert frame[42:118, 102:218].min() > 245
    assert max(frame[:38].max(), frame[122:].max(), frame[:, :98].max(), frame[:, 222:].max()) < 8


@pytest.mark.parametrize("rgb", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)])
@pytest.mark.parametrize("tags", [{}, {"space": 5}, {"full": 2}, {"space": 5, "full": 2}])
def test_colours_are_kept_whatever_matrix_and_range_the_footage_has(tmp_path, rgb, tags):
    path = painted(tmp_path / "plain.mp4", rgb, **tags)
    (frame,) = frames([VideoLayer(asset=NAME)], assets={NAME: path})
    assert np.abs(frame[90, 160].astype(int) - rgb).max() <= 5


def test_playlists_scripts_and_noise_are_refused(tmp_path):
    target = film(tmp_path / "secret.mp4", 0.2)
    texts = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile {target}\n",
        "",
        "\0" * 4096,
    )
    for text in texts:
        path = tmp_path / "evil.mp4"
        path.write_text(text)
        with pytest.raises(MediaProcessingFailed) as failure:
            numbers(path, (0,))
        assert failure.value.permanent


def test_sound_alone_is_no_footage(tmp_path):
    path = tmp_path / "tone.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48000, layout="mono")
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), "s16", "mono")
        tone.sample_rate = 48000
        container.mux(stream.encode(tone))
        container.mux(stream.encode())
    with pytest.raises(MediaProcessingFailed, match="no picture"):
        numbers(path, (0,))


def test_footage_with_an_end_holds_its_last_picture(tmp_path):
    path = film(tmp_path / "numbers.mp4", 1.0)
    layer = VideoLayer(asset=NAME, start=0.2, end=0.5)
    shown = frames([layer], (0, 8, 9, 25), assets={NAME: path}, length=99)
    assert [number_of(frame) for frame in shown] == [6, 14, 14, 14]
