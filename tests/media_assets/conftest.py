"""A library of its own for each test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from media_assets import identity, ingest
from media_assets.models import MediaAsset
from tests import footage
from videoserver.work import warm


@pytest.fixture(autouse=True)
def library(settings: Any, tmp_path: Path) -> Path:
    """An empty media storage, and scratch beside it."""
    media = tmp_path / "library"
    settings.STORAGES = {
        **settings.STORAGES,
        "media": {"BACKEND": "media_assets.storage.local.LocalStorage", "OPTIONS": {"location": str(media)}},
    }
    settings.WORKSPACES_DIR = tmp_path / "scratch"
    return media


@pytest.fixture(autouse=True, scope="session")
def child() -> Iterator[None]:
    """The warm child ends with the run."""
    yield
    warm.warm(ingest.CHILD).close()


def files(folder: Path) -> list[Path]:
    """Every file below a folder, but for the storage's identity."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / identity.MARKER)


@pytest.fixture
def pier(author: User, tmp_path: Path) -> MediaAsset:
    """The author's short film, ready."""
    path = footage.film(tmp_path / "pier.mp4", seconds=0.5, sound=True)
    return ingest.record(ingest.put(path, author), author, "pier.mp4")
