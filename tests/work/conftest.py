"""Houses with nothing in them, one for each test, on each stack that durable work runs on."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis

from tests.servers import Postgres, Redis
from tests.work.house import STACKS, House


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with nothing in it, made once."""
    folder = tmp_path_factory.mktemp("house")
    path = folder / "db.sqlite3"
    House(folder, f"sqlite:///{path}").manage("migrate", "--run-syncdb", "--verbosity", "0")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture(scope="session")
def empty_database(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated PostgreSQL database with nothing in it, made once, to be copied."""
    url = postgres.create("empty_house")
    House(tmp_path_factory.mktemp("house"), url).manage("migrate", "--run-syncdb", "--verbosity", "0")
    return "empty_house"


@pytest.fixture(params=STACKS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """An empty house; the test runs on every stack, or on those that `@on` names."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_file"), tmp_path / "db.sqlite3")
        made = House(tmp_path, f"sqlite:///{tmp_path / 'db.sqlite3'}")
        yield made
        made.close()
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    empty, name = request.getfixturevalue("empty_database"), f"house_{uuid4().hex}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {empty}".encode())
    broker = ""
    if request.param == "redis":
        server: Redis = request.getfixturevalue("redis_server")
        with redis.from_url(server.url) as client:
            client.flushall()
        broker = server.url
    made = House(tmp_path, postgres.url(name), broker)
    yield made
    made.close()
    # A test that has stopped a server may have failed before it started it again.
    postgres.ensure()
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    if broker:
        server.ensure()
