"""Browsers of staff who may do this and not that, and a storyboard at each step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from media_assets import ingest
from media_assets.models import MediaAsset
from rendering.models import Storyboard
from rendering.workflow import review, write
from tests import footage
from tests.base import person


@pytest.fixture
def browser(db: None) -> Callable[[User], Client]:
    """`browser(user)` is logged in to the admin."""

    def open_for(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return open_for


@pytest.fixture
def writer(db: None, browser: Callable[[User], Client]) -> Client:
    """A member of staff who writes storyboards; theirs is the picture."""
    return browser(person("writer", "author", staff=True))


@pytest.fixture
def onlooker(db: None, browser: Callable[[User], Client]) -> Client:
    """A member of staff who may see everything, and do nothing."""
    user = person("onlooker", staff=True)
    seen = ["view_storyboard", "view_job", "view_segment", "view_prediction", "view_campaign"]
    user.user_permissions.set(Permission.objects.filter(codename__in=seen))
    return browser(user)


@pytest.fixture
def picture(author: User, tmp_path: Path) -> MediaAsset:
    """A picture in the author's library."""
    return keep(footage.picture(tmp_path / "pier.png", (160, 90)), author)


@pytest.fixture
def document(picture: MediaAsset) -> dict[str, Any]:
    """A small film: two scenes of half a second, crossed."""
    return {
        "title": "Harbour tour",
        "width": 160,
        "height": 90,
        "fps": 8,
        "scenes": [
            scene(picture, "The old harbour at dawn"),
            scene(picture, "The boats", transition={"kind": "crossfade", "duration": 0.25}),
        ],
    }


@pytest.fixture
def board(author: User, document: dict[str, Any]) -> Storyboard:
    """The author's draft."""
    return write.create(author, document)


@pytest.fixture
def submitted(board: Storyboard, author: User) -> Storyboard:
    """The same, waiting for a decision."""
    return review.submit(board, author, note="Mind the gulls")


@pytest.fixture
def approved(submitted: Storyboard, reviewer: User) -> Storyboard:
    """The same, approved."""
    return review.approve(submitted, reviewer, submitted.revision, "Lovely")


def keep(path: Path, owner: User) -> MediaAsset:
    """A file in somebody's library."""
    return ingest.record(ingest.put(path, owner), owner, path.name)


def scene(picture: MediaAsset, caption: str = "", **fields: Any) -> dict[str, Any]:
    """A scene of the template `picture`."""
    return {
        "template": "picture",
        "duration": 0.5,
        "params": {"image": str(picture.pk), "motion": "zoom_in"},
        "caption": caption,
        **fields,
    }
