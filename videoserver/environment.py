"""The environment as settings read it: what a value may be, and names that are nearly one of ours. Knows no Django app.

Values that may hold a password are never repeated in a sentence.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

OTHERS = frozenset(
    {"PATH", "PWD", "TZ", "LANG", "HOME", "USER", "SHELL", "TERM", "HOST", "HOSTNAME", "PYTHON", "TESTS"}
)
"""Names of shells, of `make` and of the operating system: never a slip of the pen."""
SHAPE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*_?")
SHORT_NAME = 4
"""Names as short as PORT are one letter away from too many words: only two letters in the wrong order count."""
HOST = re.compile(r"\*|\.?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\]")
UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}
"""Not ENOSPC: a server on a full disk starts, and says so to those who want to store something."""
REDIS = "redis://host:6379/0"


class Environment(environ.Env):  # type: ignore[misc] # it has no types
    """Remembers the names that were asked for: these are our settings."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def str(self, var: str, default: Any = environ.Env.NOTSET, multiline: bool = False) -> Any:
        """The value as it stands there: a secret that begins with a dollar sign is not the name of another variable."""
        self.names.add(var)
        return os.environ.get(var, default)

    def refuse_slips(self) -> None:
        """A name that is nearly one of ours would be passed over in silence, and the default be used."""
        for given in sorted(os.environ):
            if given not in self.names | OTHERS and SHAPE.fullmatch(given):
                meant = [name for name in sorted(self.names) if is_slip(given, name)]
                if meant:
                    raise ImproperlyConfigured(f"{given} is no setting. Did you mean {' or '.join(meant)}?")


def is_slip(given: str, name: str) -> bool:
    """Whether one is the other with one letter wrong, missing, too many, or swapped with its neighbour."""
    if len(given) == len(name):
        wrong = [at for at in range(len(name)) if given[at] != name[at]]
        swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1 and sorted(given) == sorted(name)
        return swapped or (len(wrong) == 1 and len(name) > SHORT_NAME)
    shorter, longer = sorted((given, name), key=len)
    missing = any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))
    return missing and len(name) > SHORT_NAME


def folder(name: str, path: Path) -> Path:
    """A folder that can be written; made if it is not there."""
    try:
        path = path.resolve()
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = "it is no folder" if path.exists() else getattr(error, "strerror", None) or error
        raise ImproperlyConfigured(f"{name} must be a folder that can be made: {path}: {reason}.") from None
    try:
        # Tried, since for root `os.access` says yes to folders of the kernel, too.
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        if error.errno in UNWRITABLE:
            told = f"{name} must be a folder that this user may write: {path}: {error.strerror}."
            raise ImproperlyConfigured(told) from None
    return path


def sqlite_file(path: str) -> str:
    """The file of an SQLite database, in a folder that is there."""
    if path in {"", ":memory:"}:
        raise ImproperlyConfigured("DATABASE_URL must name a file: every process would have a database of its own.")
    file = Path(path)
    if file.is_dir() or not file.parent.is_dir():
        raise ImproperlyConfigured(f"DATABASE_URL must name a file in a folder that is there, but it names {path}.")
    return path


def broker_url(name: str, url: str) -> str:
    """Where Redis is; empty for none."""
    if not url:
        return url
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured(f"{name} must begin with redis://, rediss:// or unix://, but not with {shown(url)}.")
    try:
        parts = urlsplit(url)
        number = parts.path.strip("/")
        place = parts.path if parts.scheme == "unix" else parts.hostname
        fits = place and (parts.scheme == "unix" or ((parts.port or 1) and (not number or number.isdigit())))
    except ValueError:
        raise ImproperlyConfigured(f"{name} cannot be read: write it as {REDIS}.") from None
    if not fits:
        raise ImproperlyConfigured(f"{name} must name a host, as {REDIS} does.")
    return url


def public_url(name: str, url: str) -> str:
    """The address that people use, without a slash at its end."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or 1)
    except ValueError:
        fits = False
    if not fits or parts.query or parts.fragment or re.search(r"\s", url):
        wanted = "an address such as https://video.example.org"
        raise ImproperlyConfigured(f"{name} must be {wanted}, but it is {url!r}.")
    return url.rstrip("/")


def hosts(name: str, names: list[str]) -> list[str]:
    """Host names, without scheme, port and path."""
    if wrong := [host for host in names if not HOST.fullmatch(host)]:
        raise ImproperlyConfigured(f"{name} must name hosts without scheme, port or path, but it names {wrong[0]!r}.")
    return names


def origins(name: str, names: list[str]) -> list[str]:
    """Schemes and hosts, as browsers send them."""
    if wrong := [origin for origin in names if not re.fullmatch(r"https?://[^/\s?#]+", origin)]:
        wanted = "origins such as https://video.example.org"
        raise ImproperlyConfigured(f"{name} must name {wanted}, but it names {wrong[0]!r}.")
    return names


def shown(url: str) -> str:
    """How a URL begins, without what may be secret."""
    scheme, colon, _ = url.partition("://")
    return f"{scheme}{colon}" if colon else "what it begins with"


def places(name: str, named: Iterable[str]) -> list[str]:
    """HOST:PORT, in small letters."""
    found = [place.lower() for place in named]
    form = re.compile(r"(?:[^\s:\[\]/]+|\[[0-9a-f:.]+\]):([0-9]{1,5})")
    for place in found:
        matched = form.fullmatch(place)
        if not matched or not 1 <= int(matched[1]) <= 65535:
            raise ImproperlyConfigured(f"{name} must name HOST:PORT, but it names {place!r}.")
    return found
