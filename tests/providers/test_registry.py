"""Providers are found by name, and the local one is free."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from rendering.exceptions import UnknownProvider
from rendering.providers import base, registry
from rendering.providers.base import Order


def test_the_local_provider_is_there() -> None:
    provider = registry.get("local")
    assert (provider.name, provider.paid) == ("local", False)
    assert "local" in registry.names()


def test_an_unknown_name_is_said_with_the_known_ones() -> None:
    with pytest.raises(UnknownProvider, match=r"“remote”.*local"):
        registry.get("remote")


def test_an_estimate_is_nothing_and_says_that_it_is_local() -> None:
    orders = [
        Order("text"),
        Order("image", scene=0),
        Order("clip", Decimal("4.5"), scene=1),
        Order("soundtrack", Decimal(26)),
    ]
    lines = registry.get("local").estimate(orders)
    assert base.total(lines) == 0
    assert [line.model for line in lines] == ["local/writer-1", "local/art-1", "local/clip-1", "local/music-1"]
    assert [line.unit for line in lines] == ["text", "image", "second", "second"]
    assert [line.scene for line in lines] == [None, 0, 1, None]
    assert all(line.amount == Decimal("0") and "this machine" in line.note for line in lines)


def test_making_opens_no_video_library_in_this_process() -> None:
    code = (
        "import sys, rendering.providers.registry; print(sorted({'av', 'cv2', 'moviepy', 'django'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
