"""People and clients that every room's tests need."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from rest_framework.test import APIClient

from videoserver.access.models import ApiKey
from videoserver.web.permissions import SCOPES

PASSWORD = "a long enough password"


def person(name: str, *groups: str, staff: bool = False) -> User:
    """A user in these groups."""
    if Group.objects.filter(name__in=groups).count() < len(
        groups
    ):  # a test with real transactions has emptied the tables
        import_module("rendering.migrations.0002_groups").make_groups(apps, SimpleNamespace(connection=connection))
    user = User.objects.create_user(name, f"{name}@example.org", PASSWORD, is_staff=staff)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


class Api(APIClient):
    """A client that speaks JSON with an API key of its own."""

    def __init__(self, user: User | None = None, *scopes: str, **options: Any) -> None:
        super().__init__(**options)
        self.user = user
        if user is not None:
            self.key, self.key_text = ApiKey.objects.issue(user, "tests", scopes or SCOPES)
            self.credentials(HTTP_X_API_KEY=self.key_text)


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The body of a refusal, after a look at its status, code and form."""
    assert response.status_code == status, (response.status_code, response.content)
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "errors", "request_id"}
    assert (body["status"], body["code"]) == (status, code), body
    return body
