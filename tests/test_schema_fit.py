"""A database that does not fit the models is found by its tables, not by its list of migrations."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection

from tests.acceptance.server import ROOT
from tests.servers import Postgres
from videoserver import schema_fit
from videoserver.web.problems import describe

pytestmark = pytest.mark.django_db
Change = Callable[[str], None]


@pytest.fixture
def sql() -> Change:
    """Changes the tables behind Django's back, inside of the test's transaction."""

    def change(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return change


def unfit() -> schema_fit.Unfit:
    with pytest.raises(schema_fit.Unfit) as refused:
        schema_fit.check(kept=0)
    return refused.value


def test_a_migrated_database_fits() -> None:
    schema_fit.check(kept=0)
    assert schema_fit.problem() == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE rendering_job RENAME COLUMN priority TO rank", "the table rendering_job lacks priority"),
        ("DROP TABLE web_keptanswer", "the table web_keptanswer is missing"),
        ("DROP TABLE counters", "the table counters is missing"),
        ("ALTER TABLE work_worker RENAME TO work_workers", "the table work_worker is missing"),
        ("ALTER TABLE rendering_scene_old RENAME COLUMN x TO y", ""),
        ("ALTER TABLE counters ADD COLUMN weight integer NOT NULL DEFAULT 1", ""),
        ("ALTER TABLE counters ADD COLUMN weight integer", ""),
    ],
)
def test_what_a_table_lacks_is_named(sql: Change, change: str, said: str) -> None:
    if "scene_old" in change:
        sql("CREATE TABLE rendering_scene_old (x integer NOT NULL)")  # a table of somebody else's
    sql(change)
    if said:
        assert said in unfit().sentence
        assert "backup" in unfit().cure
    else:
        schema_fit.check(kept=0)


def test_a_column_that_must_be_filled_and_that_nobody_knows_is_named(sql: Change) -> None:
    sql("DROP TABLE work_worker")
    sql("CREATE TABLE work_worker (id integer NOT NULL, rank integer NOT NULL)")
    said = unfit().sentence
    assert "the table work_worker lacks beat_at, " in said
    assert "the table work_worker demands rank, which this version does not know" in said


def test_only_the_first_few_differences_are_told(sql: Change) -> None:
    for table in ("counters", "cache", "web_keptanswer", "work_worker", "access_apikey"):
        sql(f"ALTER TABLE {table} RENAME TO old_{table}")
    assert "(and 2 more)" in unfit().sentence


def test_a_migration_that_was_not_applied_is_named_with_its_cure(sql: Change) -> None:
    sql("DELETE FROM django_migrations WHERE app = 'web' AND name = '0002_kept_answers'")
    assert "web.0002_kept_answers is not applied" in unfit().sentence
    assert unfit().cure == "Run: python manage.py migrate"
    sql("DELETE FROM django_migrations WHERE app = 'rendering'")
    assert "migrations are not applied" in unfit().sentence


def test_what_a_newer_version_added_is_no_fault(sql: Change) -> None:
    sql("INSERT INTO django_migrations (app, name, applied) VALUES ('rendering', '9999_later', CURRENT_TIMESTAMP)")
    sql("ALTER TABLE rendering_job ADD COLUMN later varchar(10) NULL")
    schema_fit.check(kept=0)


def test_a_good_answer_is_kept_for_a_while_and_a_bad_one_is_not(sql: Change) -> None:
    schema_fit.check(kept=0)
    sql("ALTER TABLE counters RENAME TO old_counters")
    schema_fit.check()
    assert unfit()
    sql("ALTER TABLE old_counters RENAME TO counters")
    schema_fit.check()


@pytest.mark.parametrize("statement", ["SELECT gone FROM nowhere", "SELECT gone FROM work_worker"])
def test_a_missing_table_or_column_is_not_a_database_that_is_away(statement: str) -> None:
    with pytest.raises((OperationalError, ProgrammingError)) as wrong, connection.cursor() as cursor:
        cursor.execute(statement)
    problem = describe(wrong.value)
    assert problem is not None
    assert (problem.status, problem.code) == (503, "database_outdated")
    assert "Try again" not in problem.detail


@pytest.mark.parametrize("said", [psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn])
def test_postgresql_says_the_same_in_its_own_words(said: type[Exception]) -> None:
    error = ProgrammingError("…")
    error.__cause__ = said()
    problem = describe(error)
    assert problem is not None and problem.code == "database_outdated"


def test_sql_that_is_wrong_is_a_fault_of_ours_and_no_database_that_is_away() -> None:
    error = OperationalError("…")
    with closing(sqlite3.connect(":memory:")) as database, pytest.raises(sqlite3.OperationalError) as wrong:
        database.execute("SELEKT 1")
    error.__cause__ = wrong.value
    assert describe(error) is None


def test_postgresqls_tables_are_compared_too(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.create("fit")
    script = (
        "import django; django.setup()\n"
        "from django.core.management import call_command\n"
        "from django.db import connection\n"
        "from videoserver import schema_fit\n"
        "call_command('migrate', verbosity=0)\n"
        "schema_fit.check(kept=0)\n"
        "for sql in ('ALTER TABLE rendering_job RENAME priority TO rank', 'DROP TABLE counters',\n"
        "            'ALTER TABLE work_worker ADD floor int NOT NULL',\n"
        "            'ALTER TABLE rendering_job ALTER lease_until SET NOT NULL'):\n"
        "    connection.cursor().execute(sql)\n"
        "schema_fit.SHOWN = 9\n"
        "print(schema_fit.problem(kept=0))\n"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "videoserver.settings", "DATABASE_URL": url, "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    for said in (
        "the table rendering_job lacks priority",
        "the table rendering_job demands rank, which this version does not know",
        "the table rendering_job does not let lease_until be empty",
        "the table counters is missing",
        "the table work_worker demands floor, which this version does not know",
    ):
        assert said in done.stdout, done.stdout + done.stderr
