"""A storyboard's ingredients: real pictures in the library, documents that name them, and a board at each step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from media_assets import ingest
from media_assets.models import MediaAsset
from rendering.models import Storyboard
from rendering.workflow import review, write
from tests import footage

Board = Callable[..., Storyboard]


@pytest.fixture
def picture(author: User, tmp_path: Path) -> MediaAsset:
    """A picture in the author's library."""
    return keep(footage.picture(tmp_path / "pier.png", (320, 180)), author)


@pytest.fixture
def foreign_picture(stranger: User, tmp_path: Path) -> MediaAsset:
    """A picture in somebody else's library."""
    return keep(footage.picture(tmp_path / "theirs.png", (320, 180)), stranger)


@pytest.fixture
def document(picture: MediaAsset) -> dict[str, Any]:
    """A small storyboard that can be rendered: two scenes of a second each, crossed for a quarter of one."""
    return {
        "title": "Harbour tour",
        "width": 64,
        "height": 64,
        "fps": 8,
        "metadata": {"order": 17},
        "scenes": [
            scene(picture, caption="The old harbour at dawn"),
            scene(picture, motion="zoom_in", transition={"kind": "crossfade", "duration": 0.25}),
        ],
    }


@pytest.fixture
def board(author: User, document: dict[str, Any]) -> Storyboard:
    """The author's draft."""
    return write.create(author, document)


@pytest.fixture
def submitted(board: Storyboard, author: User) -> Storyboard:
    """The same, waiting for a decision."""
    return review.submit(board, author)


@pytest.fixture
def approved(submitted: Storyboard, reviewer: User) -> Storyboard:
    """The same, approved."""
    return review.approve(submitted, reviewer, submitted.revision, "Lovely")


def scene(picture: MediaAsset, seconds: float = 1, motion: str = "none", **fields: Any) -> dict[str, Any]:
    """A scene of the template `picture`."""
    return {
        "template": "picture",
        "duration": seconds,
        "params": {"image": str(picture.pk), "motion": motion},
        **fields,
    }


def keep(path: Path, owner: User) -> MediaAsset:
    """A file in somebody's library."""
    return ingest.record(ingest.put(path, owner), owner, path.name)


def url(thing: Storyboard, rest: str = "") -> str:
    """A path of a storyboard."""
    return f"/api/v1/storyboards/{thing.pk}/{rest}"
