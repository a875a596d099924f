"""Paths that work with and without their last slash, for every method, without a redirect."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern
from django.urls.resolvers import RoutePattern
from rest_framework.routers import SimpleRouter


class EitherSlash(RoutePattern):
    """A route that is written without its last slash and also matches with it."""

    def match(self, path: str) -> Any:
        return super().match(path) or (super().match(path[:-1]) if path.endswith("/") else None)


def route(pattern: str, view: Callable[..., Any], kwargs: Any = None, name: str | None = None) -> URLPattern:
    """Like `django.urls.path`, for a pattern without its last slash."""
    return URLPattern(EitherSlash(pattern, name=name, is_endpoint=True), view, kwargs, name)


class Router(SimpleRouter):
    """A router of such paths. Extra actions write their `url_path` with converters: `clips/<str:name>`."""

    def __init__(self) -> None:
        super().__init__(trailing_slash=False, use_regex_path=False)
        self._url_conf = route
