"""The form of an API key: `sk_<8 id>_<32 random base 62><6 check signs>`. Only its id and its hash are kept."""

import hashlib
import re
import secrets
import zlib
from typing import NamedTuple

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECK_SIGNS = 6
_FORM = re.compile(r"sk_([0-9A-Za-z]{8})_[0-9A-Za-z]{38}")


class NewKey(NamedTuple):
    """A key that was just made; `text` is shown once and then forgotten."""

    text: str
    prefix: str
    hash: str


def make() -> NewKey:
    """A new key. It has 190 random bits, so a fast hash is enough to keep it."""
    prefix = _random(8)
    body = f"sk_{prefix}_{_random(32)}"
    text = body + _check_signs(body)
    return NewKey(text, prefix, digest(text))


def prefix_of(text: str) -> str | None:
    """The id in a key, or None when it is no key at all: a typing error costs no look-up."""
    form = _FORM.fullmatch(text)
    if form is None or _check_signs(text[:-CHECK_SIGNS]) != text[-CHECK_SIGNS:]:
        return None
    return form[1]


def digest(text: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(text.encode()).hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(BASE62) for _ in range(length))


def _check_signs(body: str) -> str:
    number = zlib.crc32(body.encode())
    signs = ""
    for _ in range(CHECK_SIGNS):
        number, place = divmod(number, 62)
        signs = BASE62[place] + signs
    return signs
