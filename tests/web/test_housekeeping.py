"""What expires goes by itself; what is still good stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string

from videoserver.web import housekeeping
from videoserver.web.models import KeptAnswer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def never_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a worker that has just begun."""
    monkeypatch.setattr(housekeeping, "_due", 0.0)


def rows(name: str) -> int:
    """How many entries the table of a cache has, expired or not."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {settings.CACHES[name]['LOCATION']}")  # noqa: S608 - a name of ours
        return int(cursor.fetchone()[0])


def test_an_expired_session_goes_and_a_good_one_stays(reviewer: User) -> None:
    for _ in range(2):
        Client().force_login(reviewer)
    old, good = Session.objects.all()
    Session.objects.filter(pk=old.pk).update(expire_date=timezone.now() - timedelta(seconds=5))
    housekeeping.sweep()
    assert [session.pk for session in Session.objects.all()] == [good.pk]


def test_answers_are_kept_for_a_day(author: User) -> None:
    now = timezone.now()
    for key, age in (("old", timedelta(hours=24, seconds=5)), ("young", timedelta(hours=23))):
        fields = {"fingerprint": "x", "lease_until": now, "status": 201, "created_at": now - age}
        KeptAnswer.objects.create(owner=author, key=key, **fields)
    housekeeping.sweep()
    assert [answer.key for answer in KeptAnswer.objects.all()] == ["young"]


@pytest.mark.parametrize("name", ["default", "counters"])
def test_an_expired_entry_of_a_cache_goes_and_a_good_one_stays(name: str) -> None:
    for key, timeout in (("old", -5), ("good", 600), ("kept", None)):
        caches[name].set(key, key, timeout=timeout)
    assert rows(name) == 3
    housekeeping.sweep()
    assert rows(name) == 2
    assert caches[name].get_many(["old", "good", "kept"]) == {"good": "good", "kept": "kept"}


def test_it_is_done_once_an_hour(reviewer: User) -> None:
    housekeeping.sweep()
    Client().force_login(reviewer)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=5))
    housekeeping.sweep()
    assert Session.objects.exists()
    housekeeping._due -= housekeeping.EVERY
    housekeeping.sweep()
    assert not Session.objects.exists()


def test_it_is_a_chore_of_the_worker() -> None:
    assert housekeeping.sweep in [import_string(path) for path in settings.WORK_CHORES]
