"""Which JSON values every database of ours can store and every client can read back."""

import json
import math
import re
from typing import Any

MAX_DEPTH = 32
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


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


def check(value: Any) -> None:
    """Raise NotPlain for what is nested too deep, a text with NUL or half a surrogate pair, or an infinite number."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for each in level:
            if isinstance(each, str):
                _check_text(each)
            elif isinstance(each, float):
                if not math.isfinite(each):
                    raise NotPlain("This holds a number that is too large, or none.")
            elif isinstance(each, dict):
                for key in each:
                    if isinstance(key, str):
                        _check_text(key)
                below += each.values()
            elif isinstance(each, list):
                below += each
        if not below:
            return
        level = below
    raise NotPlain(TOO_DEEP)


def _check_text(text: str) -> None:
    if _UNSTORABLE.search(text):
        raise NotPlain("This holds a character that cannot be stored: NUL or half a surrogate pair.")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


TOO_DEEP = f"This is nested more than {MAX_DEPTH} deep."
