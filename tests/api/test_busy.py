"""When every child has work a person is told so, with when to come again, and holds no thread of the server."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest

from media_assets import ingest
from media_assets.models import MediaAsset
from rendering.engine import launch
from rendering.models import Storyboard
from tests import footage
from tests.api.conftest import url
from tests.base import Api, problem
from videoserver.work import warm

pytestmark = pytest.mark.django_db


def occupy(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others have all of the module's children, and go on having them."""
    monkeypatch.setattr(warm, "PATIENCE", 0.01)
    monkeypatch.setattr(warm.warm(module), "_free", queue.LifoQueue())


def test_an_upload_is_told_to_come_again_and_leaves_nothing(
    author_api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    occupy(ingest.CHILD, monkeypatch)
    with footage.picture(tmp_path / "pier.png").open("rb") as file:
        answer = author_api.post("/api/v1/media/", {"file": file}, format="multipart")
    problem(answer, 503, "server_busy")
    assert answer["Retry-After"] == "5"
    assert not MediaAsset.objects.exists()


def test_a_still_is_told_to_come_again(author_api: Api, board: Storyboard, monkeypatch: pytest.MonkeyPatch) -> None:
    occupy(launch.MODULE, monkeypatch)
    answer = author_api.get(url(board, "still.jpg"), {"at": 0.3})
    problem(answer, 503, "server_busy")
    assert answer["Retry-After"] == "5"
    monkeypatch.undo()
    assert author_api.get(url(board, "still.jpg"), {"at": 0.3}).status_code == 200
