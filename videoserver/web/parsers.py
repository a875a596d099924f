"""JSON bodies, bounded in size and depth, that every database of ours can store and every client can read back."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from videoserver.web.problems import DomainError

MAX_BYTES = 4 * 1024**2
MAX_DEPTH = 32


class BodyTooLarge(DomainError):
    """The JSON body is too large."""

    code = "too_large"
    status = 413
    default_detail = f"A JSON body may have at most {MAX_BYTES // 1024**2} MiB."


class BoundedJSON(BaseParser):
    """`application/json`."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, context: Mapping[str, Any] | None = None) -> Any:
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise BodyTooLarge
        try:
            body = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
        except RecursionError:
            raise ParseError(TOO_DEEP) from None
        except ValueError as error:  # of JSON, of UTF-8, of a number with thousands of digits
            raise ParseError(f"The body is not JSON: {error}") from None
        _check(body, 0)
        return body


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ParseError(TOO_DEEP)
    match value:
        case str():
            if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
                raise ParseError("The body holds a character that cannot be stored: NUL or half a surrogate pair.")
        case float() if not math.isfinite(value):
            raise ParseError("The body holds a number that is too large.")
        case dict():
            for key, inner in value.items():
                _check(key, depth)
                _check(inner, depth + 1)
        case list():
            for inner in value:
                _check(inner, depth + 1)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


TOO_DEEP = f"The body is nested more than {MAX_DEPTH} deep."
