"""The local provider's footage: frames as asked, and something moves in them."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from rendering.providers import likeness
from rendering.providers.base import ProviderError
from rendering.providers.local import LocalProvider, clip

PROVIDER = LocalProvider()


@pytest.mark.parametrize(("width", "height"), [(320, 180), (180, 320)])
def test_footage_has_its_frames_and_its_light_changes(tmp_path: Path, width: int, height: int) -> None:
    ticks: list[dict[str, Any]] = []
    made = PROVIDER.make_clip("Lamps on Quay Street", width, height, 1.0, 25, tmp_path / "a.mp4", on_event=ticks.append)
    with av.open(str(made.path)) as container:
        frames = [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    assert len(frames) == 25
    assert frames[0].shape == (height, width)
    assert np.abs(frames[0] - frames[-1]).mean() > 15, "night has become day"
    assert all(np.abs(one - other).mean() < 20 for one, other in pairwise(frames)), "without a jump"
    assert ticks, "the caller can renew its lease"
    assert (made.provider, made.model, made.cost, made.unit) == ("local", "local/clip-1", Decimal("0"), "second")
    assert list(tmp_path.iterdir()) == [made.path], "nothing else is left behind"


def test_large_footage_keeps_its_shape() -> None:
    assert clip.size(3840, 2160) == (1280, 720)
    assert clip.size(1080, 1920) == (720, 1280)
    assert clip.size(640, 360) == (640, 360)


def test_a_caller_who_raises_ends_the_work(tmp_path: Path) -> None:
    class Canceled(Exception):
        pass

    def stop(_: dict[str, Any]) -> None:
        raise Canceled

    with pytest.raises(Canceled):
        PROVIDER.make_clip("sea", 160, 90, 1, 25, tmp_path / "a.mp4", on_event=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seconds", [0.1, 61])
def test_a_length_that_cannot_be_made_is_said_so(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(ProviderError, match=r"0\.5 to 60"):
        PROVIDER.make_clip("sea", 160, 90, seconds, 25, tmp_path / "a.mp4")


def test_what_a_clip_will_look_like_is_known_before(tmp_path: Path) -> None:
    foreseen = PROVIDER.foresee_clip("Lamps on Quay Street", 320, 180)
    made = PROVIDER.make_clip("Lamps on Quay Street", 320, 180, 1.0, 10, tmp_path / "a.mp4")
    with av.open(str(made.path)) as container:
        last = [frame.to_image() for frame in container.decode(video=0)][-1]
    assert likeness.distance(foreseen, likeness.of(last)) < likeness.TOO_ALIKE
    picture = PROVIDER.make_image("Lamps on Quay Street", 320, 180, tmp_path / "b.jpg", avoid=[foreseen])
    assert likeness.distance(foreseen, picture.likeness) > likeness.TOO_ALIKE
