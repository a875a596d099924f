"""The errors of a serializer as a problem lists them: the first ones with their places, and how many there are."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypedDict

from django.utils.encoding import force_str
from rest_framework.settings import api_settings

from videoserver.web.error_list import MOST_ERRORS, shown_detail, shown_pointer, summary


class FieldError(TypedDict):
    """One wrong place in the body."""

    pointer: str
    code: str
    detail: str


def pointer(*parts: str | int) -> str:
    """An RFC 6901 pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def flatten(detail: Any) -> list[FieldError]:
    """The first errors of a serializer's nested `errors`, each with its place."""
    return first_errors(detail)[0]


def first_errors(detail: Any) -> tuple[list[FieldError], int]:
    """The first errors, each with its place, and how many there are."""
    leaves = each_error(detail)
    found: list[FieldError] = [
        shown(
            {
                "pointer": pointer(*path),
                "code": str(getattr(leaf, "code", None) or "invalid"),
                "detail": force_str(leaf),
            }
        )
        for path, leaf in islice(leaves, MOST_ERRORS)
    ]
    return found, len(found) + sum(1 for _ in leaves)


def each_error(detail: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every error of a serializer's nested `errors`, with the way to it."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            # Serializers speak of the object as a whole under this key.
            yield from each_error(
                value, path if key in (api_settings.NON_FIELD_ERRORS_KEY, "__all__") else (*path, key)
            )
    elif isinstance(detail, list | tuple):
        for index, item in enumerate(detail):
            yield from each_error(item, path if isinstance(item, str) else (*path, index))
    else:
        yield path, detail


def shown(error: FieldError) -> FieldError:
    """The error, with no more of what was sent than tells its place."""
    return {
        "pointer": shown_pointer(error["pointer"]),
        "code": error["code"],
        "detail": shown_detail(error["detail"]),
    }


def sentence_of(errors: list[FieldError], total: int) -> str:
    """The first error, and how many there are besides."""
    if not errors:
        return "The request is not valid."
    first = errors[0]
    said = f"{first['pointer']}: {first['detail']}" if first["pointer"] else first["detail"]
    return f"{said} (and {total - 1} more)" if 1 < total <= MOST_ERRORS else summary(said, total)
