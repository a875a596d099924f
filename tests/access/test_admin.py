"""Keys in the admin: shown once, revoked; and what the admin must not show at all."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from tests.base import PASSWORD
from videoserver.access.models import ApiKey

KEYS = "/admin/access/apikey/"


@pytest.fixture
def boss(db) -> Client:
    """A superuser's browser."""
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password=PASSWORD))
    return client


@pytest.fixture
def clerk(reviewer) -> Client:
    """A browser of staff who may handle keys and users, and no more."""
    names = ["add_apikey", "change_apikey", "view_apikey", "view_user", "change_user"]
    reviewer.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(reviewer)
    return client


def test_a_new_key_is_shown_once(boss, author):
    body = {"owner": author.pk, "name": "shop", "scopes": ["read"], "expires_at_0": "", "expires_at_1": ""}
    page = boss.post(KEYS + "add/", body)
    text = re.search(r"sk_\w{8}_\w{38}", page.content.decode())
    assert text, page.content.decode()[-3000:]
    assert "no-store" in page["Cache-Control"]
    key = ApiKey.objects.get()
    assert ApiKey.objects.usable(text[0]) == key
    assert (key.owner, key.scopes) == (author, ["read"])
    for path in (KEYS, f"{KEYS}{key.pk}/change/"):
        later = boss.get(path).content.decode()
        assert key.prefix in later
        assert text[0] not in later
        assert key.hash not in later


def test_keys_are_revoked_and_never_deleted(boss, author):
    key, text = ApiKey.objects.issue(author)
    boss.post(KEYS, {"action": "revoke", "_selected_action": [key.pk]})
    assert ApiKey.objects.usable(text) is None
    assert boss.post(f"{KEYS}{key.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ApiKey.objects.count() == 1


def test_the_name_of_a_key_may_change_and_nothing_else(boss, author):
    key, text = ApiKey.objects.issue(author, "old", ["read"])
    boss.post(f"{KEYS}{key.pk}/change/", {"name": "new", "scopes": ["admin"], "owner": 1})
    key = ApiKey.objects.get()
    assert (key.name, key.scopes, key.owner) == ("new", ["read"], author)
    assert ApiKey.objects.usable(text) == key


def test_nobody_but_a_superuser_makes_a_key_for_somebody_else(clerk, reviewer, boss):
    other = User.objects.get(username="boss")
    clerk.post(KEYS + "add/", {"owner": other.pk, "scopes": ["read"]})
    assert not ApiKey.objects.exists()
    clerk.post(KEYS + "add/", {"owner": reviewer.pk, "scopes": ["read"]})
    assert ApiKey.objects.get().owner == reviewer
    foreign, _ = ApiKey.objects.issue(other)
    assert clerk.get(f"{KEYS}{foreign.pk}/change/").status_code == 302


def test_who_may_change_users_cannot_make_themselves_a_superuser(clerk, reviewer, boss):
    path = f"/admin/auth/user/{reviewer.pk}/change/"
    assert clerk.get(path).status_code == 200
    clerk.post(path, {"username": "reviewer", "is_superuser": "on", "is_active": "on", "is_staff": "on"})
    reviewer.refresh_from_db()
    assert not reviewer.is_superuser
    other = User.objects.get(username="boss")
    assert clerk.get(f"/admin/auth/user/{other.pk}/password/").status_code == 403


@pytest.mark.parametrize("model", ["schedule", "success", "failure", "ormq", "task"])
def test_the_queues_own_pages_do_not_exist(boss, model):
    for path in ("", "add/"):
        assert boss.get(f"/admin/django_q/{model}/{path}").status_code == 404
        assert boss.post(f"/admin/django_q/{model}/{path}", {"func": "os.system"}).status_code == 404


@pytest.mark.parametrize(
    "path", ["", "auth/user/", "auth/user/add/", "auth/group/", "auth/group/add/", "access/apikey/add/"]
)
def test_the_pages_open(boss, path):
    assert boss.get(f"/admin/{path}").status_code == 200
