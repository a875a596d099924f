"""An author, a reviewer, an operator, a stranger, and clients that act for them."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.test import Client

from media_assets import identity
from tests.base import Api, person
from tests.settings import STORAGES


@receiver(setting_changed)
def mark_storage(setting: str, enter: bool, **_: Any) -> None:
    """A storage that a test puts in the place of the suite's is the same one to the database."""
    if setting == "STORAGES" and enter:
        own = Path(STORAGES["media"]["OPTIONS"]["location"]) / identity.MARKER
        there = Path(settings.STORAGES["media"].get("OPTIONS", {}).get("location", own.parent.parent)) / identity.MARKER
        if own.exists() and not there.exists():
            there.parent.mkdir(parents=True)
            shutil.copy(own, there)


@pytest.fixture
def author(db: None) -> User:
    """Writes storyboards; no member of staff."""
    return person("author", "author")


@pytest.fixture
def stranger(db: None) -> User:
    """Another author, who owns nothing of the first one's."""
    return person("stranger", "author")


@pytest.fixture
def reviewer(db: None) -> User:
    """A member of staff who decides."""
    return person("reviewer", "reviewer", staff=True)


@pytest.fixture
def operator(db: None) -> User:
    """A member of staff who keeps it running."""
    return person("operator", "operator", staff=True)


@pytest.fixture
def api() -> type[Api]:
    """`api(user)` is a client with a key of that user; `api(user, "read")` limits it; `api()` has none."""
    return Api


@pytest.fixture
def author_api(author: User) -> Api:
    """The author's client."""
    return Api(author)


@pytest.fixture
def reviewer_api(reviewer: User) -> Api:
    """The reviewer's client."""
    return Api(reviewer)


@pytest.fixture
def stranger_api(stranger: User) -> Api:
    """The stranger's client."""
    return Api(stranger)


@pytest.fixture
def reviewer_admin(reviewer: User) -> Client:
    """The reviewer's browser, logged in to the admin."""
    client = Client()
    client.force_login(reviewer)
    return client
