"""Layers on pixels: stills, shapes, MoviePy clips and effects, what changes and what stays."""

import numpy as np
import pytest
from moviepy import CompositeVideoClip, VideoClip
from PIL import Image

from rendering.engine import layers
from rendering.engine.errors import MediaProcessingFailed
from rendering.engine.images import KEPT, Kept
from rendering.engine.layer_clip import Stage
from rendering.engine.timeline import ImageLayer, MoviepyLayer, ShapeLayer, TextLayer
from tests.engine.drawn import SIZE, frames

WIDTH, HEIGHT = SIZE
MINE = ("tests.engine.drawn",)
RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


def near(pixel, rgb, within=4):
    return np.abs(np.asarray(pixel, int) - rgb).max() <= within


def still(path, image, **options):
    """A saved picture as (layer, assets)."""
    image.save(path)
    sha256 = path.stem.ljust(64, "0")
    return ImageLayer(asset=sha256, **options), {sha256: path}


def quarters(size):
    """Red, green / blue, white."""
    image = Image.new("RGB", size, RED)
    half = size[0] // 2, size[1] // 2
    for place, color in (((half[0], 0), GREEN), ((0, half[1]), BLUE), (half, WHITE)):
        image.paste(color, (*place, place[0] + half[0] + 1, place[1] + half[1] + 1))
    return image


def test_a_covering_still_fills_the_frame_from_its_middle(tmp_path):
    layer, assets = still(tmp_path / "tall.png", quarters((300, 600)))
    (frame,) = frames([layer], assets=assets)
    for place, rgb in (((5, 5), RED), ((5, 310), GREEN), ((170, 5), BLUE), ((170, 310), WHITE)):
        assert near(frame[place], rgb)


def test_a_contained_still_is_whole_before_a_dark_blur_of_itself(tmp_path):
    layer, assets = still(tmp_path / "tall.png", quarters((300, 600)), fit="contain")
    (frame,) = frames([layer], assets=assets)
    assert near(frame[5, 160 - 40], RED)
    assert near(frame[174, 160 + 40], WHITE)
    assert frame[5, 10, 0] > 100
    assert frame[90:, 300].max() < 190


def test_a_contained_still_without_backdrop_shows_what_lies_below(tmp_path):
    layer, assets = still(tmp_path / "tall.png", quarters((300, 600)), fit="contain", backdrop=False)
    (frame,) = frames([layer], assets=assets, background="#804020")
    assert near(frame[90, 20], (128, 64, 32))
    assert near(frame[5, 160 - 40], RED)


@pytest.mark.parametrize("motion", ["zoom_in", "pan_left", "pan_up"])
def test_a_moving_contained_still_is_whole_at_all_times(tmp_path, motion):
    image = Image.new("RGB", (300, 600), BLUE)
    image.paste(GREEN, (0, 0, 300, 30))
    image.paste(RED, (0, 570, 300, 600))
    layer, assets = still(tmp_path / "tall.png", image, fit="contain", motion=motion)
    for frame in frames([layer], (0, 15, 29), assets=assets):
        middle = frame[:, 160].astype(int)
        assert (middle[:, 1] > 150).any()
        assert (middle[:, 0] > 150).any()


def test_transparent_pictures_are_blended(tmp_path):
    image = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    image.paste((255, 255, 255, 128), (0, 0, 160, 180))
    layer, assets = still(tmp_path / "logo.png", image)
    (frame,) = frames([layer], assets=assets, background="#000080")
    assert near(frame[90, 20], (128, 128, 191))
    assert near(frame[90, 300], (0, 0, 128))


def test_round_corners_let_the_background_through(tmp_path):
    layer, assets = still(tmp_path / "plain.png", Image.new("RGB", (64, 64), WHITE), box=(20, 20, 100, 100), radius=30)
    (frame,) = frames([layer], assets=assets)
    assert near(frame[22, 22], BLACK)
    assert near(frame[70, 22], WHITE)
    assert near(frame[70, 70], WHITE)
    assert near(frame[10, 70], BLACK)


def test_sixteen_bit_grey_and_rotated_jpegs_are_understood(tmp_path):
    deep = Image.fromarray(np.full((90, 160), 0x8080, np.uint16))
    layer, assets = still(tmp_path / "deep.png", deep)
    assert near(frames([layer], assets=assets)[0][90, 160], (128, 128, 128))
    exif = Image.Exif()
    exif[0x0112] = 3
    quarters(SIZE).save(tmp_path / "turned.jpg", quality=95, exif=exif)
    turned = frames([ImageLayer(asset="t" * 64)], assets={"t" * 64: tmp_path / "turned.jpg"})[0]
    assert near(turned[5, 5], WHITE, 8)
    assert near(turned[170, 310], RED, 8)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"GIF89a" + b"\0" * 99])
def test_what_is_no_picture_fails_for_good_with_a_sentence(tmp_path, content):
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(MediaProcessingFailed, match="cannot be decoded") as failure:
        frames([ImageLayer(asset="b" * 64)], assets={"b" * 64: path})
    assert failure.value.permanent


def test_a_cut_png_and_a_giant_one_are_refused(tmp_path):
    whole = tmp_path / "whole.png"
    Image.effect_noise((200, 200), 80).save(whole)
    cut = tmp_path / "cut.png"
    cut.write_bytes(whole.read_bytes()[:9000])
    giant = tmp_path / "giant.png"
    Image.new("1", (8200, 64)).save(giant)
    for path in (cut, giant):
        with pytest.raises(MediaProcessingFailed):
            frames([ImageLayer(asset="c" * 64)], assets={"c" * 64: path})


def test_a_missing_asset_says_so():
    with pytest.raises(MediaProcessingFailed, match="missing"):
        frames([ImageLayer(asset="d" * 64)])


def test_layers_come_and_go_at_their_frames():
    box = ShapeLayer(box=(0, 0, 320, 180), color="#ffffff", first=3, until=6)
    seen = [near(frame[90, 160], WHITE) for frame in frames([box], range(8))]
    assert seen == [False, False, False, True, True, True, False, False]


def test_opacity_and_shift_follow_their_keyframes():
    fading = ShapeLayer(box=(0, 0, 320, 180), color="#ffffff", opacity=((0, 0.0, "linear"), (10, 1.0, "linear")))
    levels = [int(frame[90, 160, 0]) for frame in frames([fading], (0, 5, 10, 20))]
    assert levels == pytest.approx([0, 128, 255, 255], abs=3)
    moving = ShapeLayer(box=(0, 80, 20, 20), color="#ffffff", shift_x=((0, 0.0, "linear"), (10, 200.0, "linear")))
    for number, frame in zip((0, 3, 10), frames([moving], (0, 3, 10)), strict=True):
        lit = np.flatnonzero(frame[90, :, 0] > 128)
        assert (lit[0], lit[-1]) == (20 * number, 20 * number + 19)


def test_a_gradient_runs_from_corner_to_corner():
    (frame,) = frames([ShapeLayer(box=(0, 0, 320, 180), color="#ff0000", color_to="#0000ff")])
    assert near(frame[2, 2], RED, 8)
    assert near(frame[177, 317], BLUE, 8)
    assert near(frame[90, 160], (128, 0, 128), 8)


def test_order_is_from_the_lowest_up_however_they_move():
    """A moving layer between two that don't: what is reused must not change what lies on what."""
    below = ShapeLayer(box=(0, 0, 320, 180), color="#0000ff")
    between = ShapeLayer(box=(0, 60, 60, 60), color="#ff0000", shift_x=((0, 0.0, "linear"), (20, 200.0, "linear")))
    above = ShapeLayer(box=(100, 80, 120, 20), color="#ffffff")
    for number, frame in zip(range(21), frames([below, between, above], range(21)), strict=True):
        alone = frames([below, between, above], (number,))[0]
        assert (frame == alone).all()
        assert near(frame[90, 160], WHITE)
    assert near(frame[70, 230], RED)
    assert near(frame[70, 150], BLUE)


def test_a_foreign_moviepy_clip_is_drawn_frame_by_frame():
    bar = MoviepyLayer(call="tests.engine.drawn.marching_bar", args={"color": [255, 0, 0]})
    for number, frame in zip((0, 7, 29), frames([bar], (0, 7, 29), moviepy_layers=MINE), strict=True):
        assert near(frame[90, number * 10 + 5], RED)
        assert near(frame[90, (number * 10 + 160) % 320], BLACK)


def test_masks_and_positions_of_foreign_clips_are_kept():
    (frame,) = frames(
        [MoviepyLayer(call="tests.engine.drawn.badge")], background="#ff0000", moviepy_layers=("tests.engine",)
    )
    assert near(frame[HEIGHT - 20, WIDTH - 40], (255, 128, 128))
    assert near(frame[HEIGHT - 20, WIDTH - 70], RED)
    assert near(frame[HEIGHT - 5, WIDTH - 40], RED)


def test_a_moviepy_effect_changes_a_layer_of_ours(tmp_path):
    mirror = ({"call": "moviepy.video.fx.MirrorX", "args": {}},)
    layer, assets = still(tmp_path / "quarters.png", quarters(SIZE), effects=mirror)
    (frame,) = frames([layer], assets=assets)
    for place, rgb in (((5, 5), GREEN), ((5, 310), RED), ((170, 5), WHITE), ((170, 310), BLUE)):
        assert near(frame[place], rgb)
    fading = ({"call": "moviepy.video.fx.CrossFadeIn", "args": {"duration": 0.5}},)
    box = ShapeLayer(box=(100, 50, 100, 80), color="#ffffff", effects=fading)
    levels = [int(frame[90, 150, 0]) for frame in frames([box], (0, 6, 12, 20))]
    assert levels == pytest.approx([0, 102, 204, 255], abs=5)


@pytest.mark.parametrize(
    "call",
    ["os.system", "tests.engine.drawn_elsewhere.clip", "tests.enginedrawn.badge", "subprocess.run", "drawn.badge", ""],
)
def test_nothing_outside_the_prefixes_is_called(call):
    with pytest.raises(MediaProcessingFailed, match="MOVIEPY_LAYERS"):
        frames([MoviepyLayer(call=call)], moviepy_layers=MINE)
    with pytest.raises(MediaProcessingFailed, match="MOVIEPY_LAYERS"):
        frames([ShapeLayer(box=(0, 0, 9, 9), effects=({"call": call},))], moviepy_layers=())


def test_our_layers_are_moviepy_clips(tmp_path):
    """Inside MoviePy's own compositor they look as on planes."""
    layer, assets = still(tmp_path / "quarters.png", quarters(SIZE))
    title = TextLayer(text="Harbour", box=(20, 60, 280, 60), size=40, plate="#00000080")
    stage = Stage(WIDTH, HEIGHT, 30, 30, assets)
    clips = [layers.clip(spec, stage) for spec in (layer, title)]
    assert all(isinstance(clip, VideoClip) for clip in clips)
    theirs = CompositeVideoClip(clips, size=SIZE).get_frame(0.5)
    (mine,) = frames([layer, title], (15,), assets=assets)
    assert np.abs(theirs.astype(int) - mine).mean() < 1.5


def test_pictures_are_kept_up_to_a_number_of_bytes(tmp_path):
    layer, assets = still(tmp_path / "kept.png", Image.new("RGB", SIZE, RED))
    frames([layer], assets=assets)
    (tmp_path / "kept.png").unlink()
    assert near(frames([layer], assets=assets)[0][5, 5], RED)
    one = next(iter(KEPT.sources.values()))
    few = Kept(most=3 * one.nbytes)
    for name in range(10):
        few.get(name, lambda: one)
    assert list(few.sources) == [7, 8, 9]
    assert few.bytes == 3 * one.nbytes
