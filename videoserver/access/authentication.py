"""Who is calling: an API key first, else the admin's session with its CSRF token."""

from typing import Any

import structlog
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as RestSessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from videoserver.access.models import ApiKey
from videoserver.access.throttling import count_wrong_key


class ApiKeyAuthentication(BaseAuthentication):
    """`X-API-Key: sk_…` or `Authorization: Bearer sk_…`; a key in the query is never looked at."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        text = sent_key(request)
        if text is None:
            return None
        key = ApiKey.objects.usable(text)
        if key is None:
            count_wrong_key(request)
            raise AuthenticationFailed("Unknown, revoked or expired API key", code="invalid_api_key")
        # The prefix is shown in the admin, too, and opens nothing.
        structlog.contextvars.bind_contextvars(key=key.prefix, user_id=key.owner_id)
        key.note_use()
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:
        """It makes an answer to the unknown 401; without it DRF would say 403."""
        return 'Bearer realm="videoserver"'


class SessionAuthentication(RestSessionAuthentication):
    """The admin's session; every write carries its CSRF token."""

    def enforce_csrf(self, request: Any) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise PermissionDenied("The CSRF token is missing or wrong.", code="csrf_failed") from error


def sent_key(request: Request) -> str | None:
    """The key in the headers, if there is one; it may be empty or anything."""
    if (text := request.headers.get("X-API-Key")) is not None:
        return text.strip()
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None
