"""What every process of one database must have the same; who differs does no work. The first one says what it is."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable

from django.conf import settings
from django.db import Error, IntegrityError, connection, transaction
from django.utils.module_loading import import_string

from videoserver.work.disagreement import Disagreement
from videoserver.work.models import Agreed

SECRET = "secret_key"  # noqa: S105 - the name of a row
LABEL = b"videoserver: the fingerprint of SECRET_KEY, 1"
KEPT_SECONDS = 10.0
"""A good answer is kept so long: the storage is looked at six times a minute by each process, not at each request."""
_well: dict[tuple[str, Callable[[], None]], float] = {}


class SecretMismatch(Disagreement):
    """Sessions and messages that this process signs would be refused by the others, and theirs by it."""

    code, status = "secret_mismatch", 503
    detail = "The SECRET_KEY of this process is not the one that its database knows."
    cure = "Set the same SECRET_KEY everywhere. If it was changed on purpose, run: python manage.py adopt_secret_key"
    headers = {"Retry-After": "60"}

    def __init__(self) -> None:
        super().__init__(f"{self.detail} {self.cure}")


def problem() -> str:
    """Why this process must do no work, in a sentence with its cure; empty when it may."""
    for path in settings.WORK_CONDITIONS:
        if sentence := import_string(path)():
            return str(sentence)
    return ""


def told(check: Callable[[], None]) -> str:
    """What a check of this process raises, as a sentence; a database that is away contradicts nothing."""
    place = (str(connection.settings_dict["NAME"]), check)
    if time.monotonic() - _well.get(place, -KEPT_SECONDS) < KEPT_SECONDS:
        return ""
    try:
        check()
    except Error:
        return ""
    except Exception as error:  # noqa: BLE001 - a storage may fail in any way; that it is another one it must say
        return str(error) if isinstance(error, Disagreement) else ""
    _well[place] = time.monotonic()
    return ""


def forget() -> None:
    """Look anew the next time."""
    _well.clear()


def secret_problem() -> str:
    """What is wrong with SECRET_KEY."""
    return told(check_secret)


def check_secret() -> None:
    """Raises SecretMismatch. The first process of a database says which key it is."""
    mine = fingerprint()
    known = agreed(SECRET) or agree(SECRET, mine)
    if not hmac.compare_digest(known, mine):
        raise SecretMismatch


def fingerprint() -> str:
    """By which SECRET_KEY is known without being told."""
    return hmac.new(settings.SECRET_KEY.encode(), LABEL, hashlib.sha256).hexdigest()


def agreed(name: str) -> str:
    """What counts; empty when nothing was agreed on yet."""
    return Agreed.objects.filter(name=name).values_list("value", flat=True).first() or ""


def agree(name: str, value: str) -> str:
    """Say what it is unless somebody said so before; what counts."""
    try:
        with transaction.atomic():
            Agreed.objects.create(name=name, value=value)
    except IntegrityError:
        return agreed(name)
    return value


def change(name: str, value: str) -> None:
    """Say what it is from now on; running processes that differ stop their work within seconds."""
    Agreed.objects.update_or_create(name=name, defaults={"value": value})
    forget()
