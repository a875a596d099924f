"""Which JSON values every database of ours can store and every client can read back."""

import json
import math
from typing import Any

MAX_DEPTH = 32


class NotPlain(ValueError):
    """No such JSON; its text is a sentence for people."""


def loads(text: str) -> Any:
    """The value of a text; raises NotPlain."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise NotPlain(TOO_DEEP) from None
    except ValueError as error:  # of JSON, of a number with thousands of digits
        raise NotPlain(f"This is not JSON: {error}") from None
    check(value)
    return value


def check(value: Any, depth: int = 0) -> None:
    """Raise NotPlain for what is nested too deep, a text with NUL or half a surrogate pair, or an infinite number."""
    if depth > MAX_DEPTH:
        raise NotPlain(TOO_DEEP)
    match value:
        case str():
            if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
                raise NotPlain("This holds a character that cannot be stored: NUL or half a surrogate pair.")
        case float() if not math.isfinite(value):
            raise NotPlain("This holds a number that is too large, or none.")
        case dict():
            for key, inner in value.items():
                check(key, depth)
                check(inner, depth + 1)
        case list():
            for inner in value:
                check(inner, depth + 1)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


TOO_DEEP = f"This is nested more than {MAX_DEPTH} deep."
