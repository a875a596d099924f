"""The database by its name, and what is wrong when it cannot be used. Never shows a user's name or a password."""

from __future__ import annotations

from django.conf import settings
from django.db import InterfaceError, OperationalError

from videoserver.web.problems import DATABASE_AWAY, DATABASE_OUTDATED, describe

REASONS = {
    "Connection refused": "the connection is refused",
    "password authentication failed": "the password is wrong",
    "no password supplied": "a password is needed",
    "timeout expired": "the connection took too long",
    "could not translate host name": "there is no such host",
    "Name or service not known": "there is no such host",
    "failed to resolve": "there is no such host",
    "starting up": "it is starting",
    "shutting down": "it is shutting down",
    "too many clients": "it has too many connections",
    "remaining connection slots": "it has too many connections",
    "unable to open database file": "the file cannot be opened",
    "readonly database": "the file cannot be written",
    "database is locked": "another process holds its lock",
    "not a database": "the file is no database",
    "malformed": "the file is damaged",
}
"""What libpq and SQLite say, and what it means: their own texts hold user names and, in wrong URLs, passwords."""
CURE = "Start it, or set DATABASE_URL to where it is."


def name() -> str:
    """What it is, and where: `PostgreSQL at db.example.org:5432`."""
    config = settings.DATABASES["default"]
    if config["ENGINE"].endswith("sqlite3"):
        return f"SQLite at {config['NAME']}"
    host, port = config.get("HOST") or "its local socket", config.get("PORT") or 5432
    return f"PostgreSQL at {f'[{host}]' if ':' in host else host}:{port}"


def away(error: Exception) -> str | None:
    """The sentence, if an error says that the database cannot be reached; None if it says anything else."""
    if not isinstance(error, OperationalError | InterfaceError) or describe(error) is not DATABASE_AWAY:
        return None
    text = str(error)
    reason = next((f": {told}" for said, told in REASONS.items() if said in text), "")
    if "does not exist" in text and "database" in text:
        reason = f": it has no database {settings.DATABASES['default']['NAME']}"
    return f"{name()} does not answer{reason}."


def outdated(error: Exception) -> bool:
    """Whether an error says that a table or a column is missing."""
    return describe(error) is DATABASE_OUTDATED
