"""What an error of the database says, by the name that the database's own library gives it."""

from __future__ import annotations

import re

from django.db import IntegrityError, OperationalError

LACKS = re.compile(r"no such (table|column)|has no column named")


def says(error: Exception, sqlite: str, postgresql: str) -> bool:
    """Whether the library named this error so: SQLite by a word, PostgreSQL by its SQLSTATE."""
    cause = error.__cause__
    return getattr(cause, "sqlite_errorname", None) == sqlite or getattr(cause, "sqlstate", None) == postgresql


def refers_to_what_is_gone(error: Exception) -> bool:
    """Whether a row was written that names a deleted one, or the other way round: two people at the same moment."""
    return isinstance(error, IntegrityError) and says(error, "SQLITE_CONSTRAINT_FOREIGNKEY", "23503")


def lacks_a_table_or_column(error: Exception) -> bool:
    """Whether a statement named what the database does not have. SQLite has one name for that and for all wrong SQL."""
    cause = error.__cause__
    if getattr(cause, "sqlite_errorname", None) == "SQLITE_ERROR":
        return bool(LACKS.search(str(cause)))
    return getattr(cause, "sqlstate", None) in {"42P01", "42703"}  # undefined_table, undefined_column


def is_a_wrong_statement(error: Exception) -> bool:
    """SQLite calls a mistake in our SQL an operational error, as it calls a locked file; it is not away."""
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlite_errorname", None) == "SQLITE_ERROR"
