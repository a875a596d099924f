"""Segment files from the real child: every frame in its place, headers that join, colours that come back."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from rendering.engine import encode, launch
from rendering.engine.planes import from_rgb
from rendering.engine.segments import split
from rendering.engine.timeline import Clip, ImageLayer, MoviepyLayer, ShapeLayer, Timeline, Transition, VideoLayer
from tests.footage import canvas, film, number_of, numbers_of
from videoserver.work.sandbox import ChildFailed

SIZE = (320, 180)


def spec(frames, size=SIZE, fps=30, **encoding):
    settings = {"preset": "veryfast", "crf": 20, "threads": 2} | encoding
    return {"width": size[0], "height": size[1], "fps": fps, "frames": frames, "encoding": settings}


def numbered(path, frames, **options):
    """A file by the encoder alone, its frames saying their number."""
    told = []
    pictures = [from_rgb(np.asarray(canvas(number, SIZE))) for number in range(frames)]
    encode.film(path, spec(frames, **options), lambda number, planes: planes.put(pictures[number]), told.append)
    return told


def facts(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        return stream, packets, bytes(stream.codec_context.extradata)


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 75])
def test_every_frame_is_there_once_in_order_at_its_time(tmp_path, frames):
    numbered(tmp_path / "a.mp4", frames)
    assert numbers_of(tmp_path / "a.mp4") == list(range(frames))
    with av.open(str(tmp_path / "a.mp4")) as container:
        times = [frame.pts * frame.time_base * 30 for frame in container.decode(video=0)]
    assert times == list(range(frames))


def test_a_segment_begins_with_a_key_frame_and_its_groups_are_closed(tmp_path):
    numbered(tmp_path / "a.mp4", 75)
    _, packets, _ = facts(tmp_path / "a.mp4")
    assert packets[0].is_keyframe
    keys = [packet.pts for packet in packets if packet.is_keyframe]
    highest = -1
    for packet in packets:  # in a closed group nothing after a key frame is shown before it
        if packet.is_keyframe:
            assert packet.pts > highest
        highest = max(highest, packet.pts)
    assert len(keys) >= 2


def test_headers_are_equal_whatever_a_segment_shows(tmp_path):
    for name, frames in (("a", 1), ("b", 2), ("c", 40)):
        numbered(tmp_path / f"{name}.mp4", frames)
    encode.film(tmp_path / "d.mp4", spec(5), lambda number, planes: planes.fill((90, 100, 140)), lambda event: None)
    headers = {facts(tmp_path / f"{name}.mp4")[2] for name in "abcd"}
    assert len(headers) == 1
    assert facts(tmp_path / "a.mp4")[0].time_base == facts(tmp_path / "c.mp4")[0].time_base


def test_the_file_is_h264_high_tagged_bt709_in_limited_range(tmp_path):
    numbered(tmp_path / "a.mp4", 3)
    stream, _, _ = facts(tmp_path / "a.mp4")
    context = stream.codec_context
    assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
    assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
    assert (stream.average_rate, stream.width, stream.height) == (30, *SIZE)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert [part.type for part in container.streams] == ["video"]


def test_with_one_thread_the_same_frames_give_the_same_bytes(tmp_path):
    numbered(tmp_path / "a.mp4", 40, threads=1)
    numbered(tmp_path / "b.mp4", 40, threads=1)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_progress_ends_with_all_frames(tmp_path):
    assert numbered(tmp_path / "a.mp4", 5)[-1] == {"event": "progress", "frames_done": 5, "frames": 5}


@pytest.mark.parametrize("fails", ["draw", "encoder"])
def test_whichever_side_fails_the_other_one_ends(tmp_path, fails):
    def draw(number, planes):
        if fails == "draw" and number == 9:
            raise ZeroDivisionError

    path = tmp_path / "a.mp4" if fails == "draw" else tmp_path / "missing" / "a.mp4"
    with pytest.raises(ZeroDivisionError if fails == "draw" else FileNotFoundError):
        encode.film(path, spec(200), draw, lambda event: None)


# Through the child, as a worker does it.


def render(timeline, folder, assets=None, **options):
    return [
        launch.segment(segment, assets or {}, folder / f"{segment.index}.mp4", **options) for segment in split(timeline)
    ]


def decoded(path: Path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24", src_colorspace="ITU709") for frame in container.decode(video=0)]


@pytest.mark.parametrize("rgb", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)])
def test_pure_colours_come_back_within_3(tmp_path, rgb):
    Image.new("RGB", (64, 64), rgb).save(tmp_path / "plain.png")
    layer = ImageLayer(asset="a" * 64 + str(rgb), motion="zoom_in")
    (file,) = render(Timeline(*SIZE, 30, (Clip(6, (layer,)),)), tmp_path, {layer.asset: tmp_path / "plain.png"})
    for frame in decoded(file.path):
        assert np.abs(frame[90, 160].astype(int) - rgb).max() <= 3


def test_footage_keeps_every_frame_through_bodies_and_a_transition(tmp_path):
    path = film(tmp_path / "numbers.mp4", 2.0)
    scene = (VideoLayer(asset="n" * 64),)
    timeline = Timeline(*SIZE, 30, (Clip(40, scene), Clip(30, scene, transition=Transition("wipe_left", 10))))
    body, transition, last = render(timeline, tmp_path, {"n" * 64: path})
    assert numbers_of(body.path) == list(range(30))
    assert [file.frames for file in (body, transition, last)] == [30, 10, 20]
    assert numbers_of(last.path) == list(range(10, 30))


def test_a_segment_s_file_is_described_truly(tmp_path):
    timeline = Timeline(*SIZE, 30, (Clip(12, (ShapeLayer(box=(0, 0, 99, 99), color="#ff0000"),)),))
    events = []
    (file,) = render(timeline, tmp_path, on_event=events.append)
    assert (file.size, file.frames) == (file.path.stat().st_size, 12)
    assert len(file.sha256) == 64
    assert {"event": "progress", "frames_done": 12, "frames": 12} in events
    json.dumps(events)


def test_a_foreign_clip_and_an_effect_render_through_the_child(tmp_path):
    """A film of one MoviePy clip of a user's own, and one layer of ours with an effect of MoviePy's."""
    mirrored = ShapeLayer(
        box=(0, 0, 320, 60), color="#ff0000", color_to="#0000ff", effects=({"call": "moviepy.video.fx.MirrorX"},)
    )
    bar = MoviepyLayer(call="tests.engine.drawn.marching_bar")
    timeline = Timeline(*SIZE, 30, (Clip(20, (bar, mirrored)),))
    (file,) = render(timeline, tmp_path, moviepy_layers=["tests.engine.drawn"])
    frames = decoded(file.path)
    assert len(frames) == 20
    for number in (0, 9, 19):
        assert np.abs(frames[number][120, number * 10 + 5].astype(int) - (0, 255, 0)).max() <= 30
        assert frames[number][120, (number * 10 + 160) % 320].max() <= 30
        assert frames[number][10, 315, 0] > 200
        assert frames[number][50, 5, 2] > 180


def test_a_foreign_clip_outside_the_prefixes_is_refused_by_the_child(tmp_path):
    timeline = Timeline(*SIZE, 30, (Clip(20, (MoviepyLayer(call="tests.engine.drawn.marching_bar"),)),))
    with pytest.raises(ChildFailed) as failure:
        render(timeline, tmp_path)
    assert (failure.value.code, failure.value.permanent) == ("media_processing_failed", True)


def scenes(tmp_path):
    assets, clips = {}, []
    for number, rgb in enumerate([(200, 30, 30), (30, 200, 30), (30, 30, 200)]):
        Image.new("RGB", SIZE, rgb).save(tmp_path / f"{number}.png")
        assets[f"{number}" * 64] = tmp_path / f"{number}.png"
        way_in = Transition("crossfade", 9) if number else Transition()
        clips.append(Clip(30, (ImageLayer(asset=f"{number}" * 64),), transition=way_in))
    return Timeline(*SIZE, 30, tuple(clips)), assets


def test_a_crossfade_s_middle_is_half_of_each_scene(tmp_path):
    timeline, assets = scenes(tmp_path)
    files = render(timeline, tmp_path, assets)
    assert [file.frames for file in files] == [21, 9, 12, 9, 21]
    middle = decoded(files[1].path)[4]
    assert np.abs(middle[90, 160].astype(int) - (115, 115, 30)).max() <= 4


def test_a_broken_picture_fails_for_good_and_the_child_goes_on(tmp_path):
    timeline, assets = scenes(tmp_path)
    (tmp_path / "broken.png").write_bytes(b"broken")
    broken = Timeline(*SIZE, 30, (Clip(30, (ImageLayer(asset="e" * 64),)),))
    with pytest.raises(ChildFailed) as failure:
        render(broken, tmp_path, {"e" * 64: tmp_path / "broken.png"})
    assert (failure.value.code, failure.value.permanent) == ("media_processing_failed", True)
    assert len(render(timeline, tmp_path, assets)) == 5


def test_a_still_shows_any_frame_also_of_a_transition(tmp_path):
    timeline, assets = scenes(tmp_path)
    for frame, rgb in ((0, (200, 30, 30)), (25, (115, 115, 30)), (timeline.frames - 1, (30, 30, 200))):
        launch.still(timeline, frame, assets, tmp_path / "still.jpg")
        with Image.open(tmp_path / "still.jpg") as image:
            assert (image.format, image.size) == ("JPEG", SIZE)
            assert np.abs(np.array(image.getpixel((160, 90))) - rgb).max() <= 4


def test_a_still_of_footage_is_the_frame_of_that_time(tmp_path):
    path = film(tmp_path / "numbers.mp4", 4.0)
    timeline = Timeline(*SIZE, 30, (Clip(110, (VideoLayer(asset="n" * 64),)),))
    launch.still(timeline, 97, {"n" * 64: path}, tmp_path / "still.jpg")
    with Image.open(tmp_path / "still.jpg") as image:
        assert number_of(image) == 97
