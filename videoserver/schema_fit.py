"""Whether the database fits this version: its migrations are applied, and its tables have what the models write."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, Error, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

KEPT_SECONDS = 10.0
"""A probe every second must not read the catalogue every second. A database that does not fit is always looked at."""
SHOWN = 3
MIGRATE = "Run: python manage.py migrate"
START_ANEW = (
    "Its tables were made by a development version whose migrations were changed later, or were changed by hand: "
    "restore a backup, or move the database away and let migrate make a new one."
)

# In one query each: thirty tables asked for one by one would be sixty queries a look. A column is "demanding" when a
# row that does not name it is refused.
COLUMNS = {
    "sqlite": """
        SELECT tables.name, columns.name,
               columns."notnull" AND NOT columns.pk AND columns.dflt_value IS NULL
        FROM sqlite_master AS tables, pragma_table_xinfo(tables.name) AS columns
        WHERE tables.type IN ('table', 'view')""",
    "postgresql": """
        SELECT pg_class.relname, attname, attnotnull AND NOT atthasdef AND attidentity = ''
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relkind IN ('r', 'p', 'v') AND attnum > 0 AND NOT attisdropped AND pg_table_is_visible(pg_class.oid)
          AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)""",
}
CACHE_TABLES = ("cache", "counters")
OF_CACHE = {"cache_key": False, "value": False, "expires": False}

_fitted: dict[str, float] = {}


class Unfit(Exception):
    """The database does not fit; the sentence may be shown to anybody, the cure to the operator."""

    def __init__(self, sentence: str, cure: str) -> None:
        super().__init__(sentence)
        self.sentence, self.cure = sentence, cure


def check(kept: float = KEPT_SECONDS) -> None:
    """Raises Unfit, or what the database raises when it is away. A good answer is kept for `kept` seconds."""
    connection = connections[DEFAULT_DB_ALIAS]
    name = str(connection.settings_dict["NAME"])
    if time.monotonic() - _fitted.get(name, -kept) < kept:
        return
    _fitted.pop(name, None)
    if pending := unapplied(connection):
        many = f"{len(pending)} migrations are" if len(pending) > 1 else f"The migration {pending[0]} is"
        raise Unfit(f"The database is not migrated to this version: {many} not applied.", MIGRATE)
    if lacks := list(differences(connection)):
        more = f" (and {len(lacks) - SHOWN} more)" if len(lacks) > SHOWN else ""
        said = "; ".join(lacks[:SHOWN]) + more
        raise Unfit(f"The database does not fit this version, although its migrations are applied: {said}.", START_ANEW)
    _fitted[name] = time.monotonic()


def problem(kept: float = KEPT_SECONDS) -> str:
    """The sentence of what does not fit, with its cure; empty when all does, or when the database cannot be asked."""
    try:
        check(kept)
    except Unfit as unfit:
        return f"{unfit.sentence} {unfit.cure}"
    except Error:
        return ""
    return ""


def unapplied(connection: BaseDatabaseWrapper) -> list[str]:
    """The migrations of this version that the database has not had. Those of a newer version do not count."""
    with connection.cursor() as cursor:
        if "django_migrations" not in connection.introspection.table_names(cursor):
            return sorted(".".join(key) for key in on_disk())
        cursor.execute("SELECT app, name FROM django_migrations")
        applied = set(cursor.fetchall())
    return sorted(".".join(key) for key in on_disk() - applied if not replaced(key) <= applied)


def differences(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """What the tables lack, or demand, that the models do not know of."""
    found = columns(connection)
    for table, wanted in sorted(tables(connection).items()):
        if table not in found:
            yield f"the table {table} is missing"
            continue
        if missing := sorted(wanted.keys() - found[table].keys()):
            yield f"the table {table} lacks {', '.join(missing)}"
        if unknown := sorted(name for name, demanded in found[table].items() if demanded and name not in wanted):
            yield f"the table {table} demands {', '.join(unknown)}, which this version does not know"
        if strict := sorted(name for name, empty in wanted.items() if empty and found[table].get(name)):
            yield f"the table {table} does not let {', '.join(strict)} be empty"


def tables(connection: BaseDatabaseWrapper) -> dict[str, dict[str, bool]]:
    """The columns of every table that this version uses, and which of them may be NULL."""
    found = {
        model._meta.db_table: {str(field.column): bool(field.null) for field in model._meta.local_concrete_fields}
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and router.allow_migrate_model(connection.alias, model)
    }
    if apps.is_installed("videoserver.web"):
        # With Redis, too: whoever switches it off must find them.
        found |= dict.fromkeys(CACHE_TABLES, OF_CACHE)
    return found


def columns(connection: BaseDatabaseWrapper) -> dict[str, dict[str, bool]]:
    """The columns of every table of the database, and which of them refuse a row that does not name them."""
    found: dict[str, dict[str, bool]] = {}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS[connection.vendor])
        for table, column, demanded in cursor.fetchall():
            found.setdefault(table, {})[column] = bool(demanded)
    return found


@cache
def _loader() -> MigrationLoader:
    return MigrationLoader(None)


def on_disk() -> set[tuple[str, str]]:
    """The migrations of this version."""
    return set(_loader().graph.nodes)


def replaced(key: tuple[str, str]) -> set[tuple[str, str]]:
    """Those that a squashed one stands for: who has had all of them has had it."""
    return set(_loader().disk_migrations[key].replaces) or {key}
