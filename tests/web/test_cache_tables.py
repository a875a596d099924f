"""The tables of the database cache are there whatever the cache is: Redis may be switched off at any time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.server import ROOT
from tests.servers import Postgres

COUNT = """
import django; django.setup()
from django.core.cache import caches
from videoserver import schema_fit
schema_fit.check(kept=0)
for name in ("default", "counters"):
    caches[name].set(name, 2, 60)
    assert (caches[name].incr(name), caches[name].add(name, 9, 60), caches[name].get(name)) == (3, False, 3)
print(type(caches["counters"]).__name__)
"""


def run(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_redis_can_be_switched_off_later(
    vendor: str, request: pytest.FixtureRequest, redis_url: str, tmp_path: Path
) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "BROKER", "REDIS"))}
    environment = clean | {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "videoserver.settings"}
    if vendor == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        environment["DATABASE_URL"] = postgres.create("redis_off")
    with_redis = environment | {"BROKER_URL": redis_url}
    run(with_redis, "manage.py", "migrate", "-v0", "web", "0003")
    run(with_redis, "manage.py", "migrate", "-v0")
    assert run(with_redis, "-c", COUNT).strip() == "Counters"
    assert run(environment, "-c", COUNT).strip() == "DatabaseCache"
    run(environment, "manage.py", "migrate", "-v0", "web", "0003")
    run(environment, "manage.py", "migrate", "-v0")
    run(environment, "manage.py", "createcachetable")
    assert run(environment, "-c", COUNT).strip() == "DatabaseCache"
