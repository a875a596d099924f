"""The small API, and people who may use it."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission, User

from tests.base import Api
from tests.web.small_api import ThingViewSet


@pytest.fixture(autouse=True)
def small_api(settings) -> Iterator[None]:
    """The small API's paths stand in for the real ones."""
    settings.ROOT_URLCONF = "tests.web.small_api"
    ThingViewSet.calls.clear()
    yield
    ThingViewSet.calls.clear()


@pytest.fixture
def writer(author: User) -> User:
    """The author, who may also add and change things."""
    author.user_permissions.set(Permission.objects.filter(codename__in=["add_apikey", "change_apikey"]))
    return author


@pytest.fixture
def writer_api(writer: User) -> Api:
    """The writer's client."""
    return Api(writer)
