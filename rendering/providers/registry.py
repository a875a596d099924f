"""Providers by their names."""

from __future__ import annotations

from rendering.exceptions import UnknownProvider
from rendering.providers.base import Maker
from rendering.providers.local import LocalProvider

PROVIDERS: dict[str, Maker] = {"local": LocalProvider()}


def get(name: str) -> Maker:
    """The provider of that name."""
    try:
        return PROVIDERS[name]
    except KeyError:
        raise UnknownProvider(f"There is no provider “{name}”; there is: {', '.join(names())}.") from None


def names() -> tuple[str, ...]:
    return tuple(PROVIDERS)


def most_scenes() -> int:
    """How many scenes the most patient of them writes."""
    return max(provider.most_scenes for provider in PROVIDERS.values())


def limits() -> str:
    """Each one's limit, in words."""
    return ", ".join(f"{name} {provider.most_scenes}" for name, provider in PROVIDERS.items())
