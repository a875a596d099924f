"""How the two ways to log in stand in the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]
    """A key, in either header."""

    target_class = "videoserver.access.authentication.ApiKeyAuthentication"
    name = ["apiKey", "bearer"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            {"type": "http", "scheme": "bearer", "description": "The same keys."},
        ]


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]
    """The admin's session."""

    target_class = "videoserver.access.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The admin's session; writes carry X-CSRFToken.",
        }
