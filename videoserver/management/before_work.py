"""What a server looks at before it begins: it refuses to start, in one sentence, on a database that does not fit."""

from __future__ import annotations

import logging

from django.core.management.base import CommandError
from django.db import Error, connections

from videoserver import database, schema_fit
from videoserver.work import agreement

logger = logging.getLogger(__name__)


def check_agreement() -> None:
    """Raises CommandError if this process has another storage or another secret than the others of its database."""
    if sentence := agreement.problem():
        raise CommandError(sentence)


def check_schema() -> None:
    """Raises CommandError if the database does not fit. One that is away may come back: then only the log says so."""
    try:
        schema_fit.check(kept=0)
    except schema_fit.Unfit as unfit:
        raise CommandError(f"{unfit.sentence} {unfit.cure}") from unfit
    except Error as error:
        if (sentence := database.away(error)) is None:
            raise
        logger.error("%s The server starts all the same and waits for it.", sentence)
    finally:
        connections.close_all()
