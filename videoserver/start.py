"""What stops a start, in one sentence: a setting or a database that an operator can mend. Anything else is a bug."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.db import Error


def sentence(error: Exception) -> str | None:
    """What to tell the operator, or None for an error that only its traceback explains."""
    if isinstance(error, ImproperlyConfigured):
        return str(error)
    if not isinstance(error, Error):
        return None
    from videoserver import database, schema_fit  # they need settings, which may be what is wrong

    if gone := database.away(error):
        return f"{gone} {database.CURE}"
    return schema_fit.problem() or None if database.outdated(error) else None
