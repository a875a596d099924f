"""The queue's table: `python -m tests.bench.queue [--quick] [--strict]`, also `make bench-queue`.

An empty job is a row of work whose work is nothing: what is left is ordering, bell, claim, end. Two worker processes of
one queue serve them, on SQLite and, where it is installed, on PostgreSQL with either broker.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.session import ROOT, Row, say, table
from tests.servers import Missing, Postgres, Redis
from tests.work.house import House, until

REPORT = ROOT / "var" / "bench" / "queue.json"
IN_LINE = 10_000
ORDER = """
import django, sys
django.setup()
from django.db.models import F
from tests.work.errands.models import Errand
for _ in range(int(sys.argv[1])):
    Errand.objects.create().ring()
"""
CLAIM = """
import django, json, sys, time
django.setup()
from statistics import median
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.work.errands.models import Errand
from videoserver.work import line

def claims(count):
    took = []
    for _ in range(count):
        began = time.perf_counter()
        row = Errand.objects.claim(line.up_next("default")[2])
        took.append(time.perf_counter() - began)
        row.finish()
    return median(took) * 1000

def fill(count):
    Errand.objects.bulk_create(Errand(result="ann", turn=turn) for turn in range(count))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

rounds = int(sys.argv[1])
fill(rounds + 10)
claims(5)
few = claims(rounds)
fill(int(sys.argv[2]))
claims(5)
many = claims(rounds)
with CaptureQueriesContext(connection) as asked:
    line.up_next("default")
how = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
with connection.cursor() as cursor:
    cursor.execute(f"{how} {asked.captured_queries[-1]['sql']}")
    plan = [str(row[-1]) for row in cursor.fetchall()]
print(json.dumps({"few": few, "many": many, "plan": plan}))
"""
CLEAN = """
import django, json, sys, time, uuid
django.setup()
from statistics import median
from types import SimpleNamespace
from videoserver.work import workspace
took = []
for n in range(int(sys.argv[1])):
    row = SimpleNamespace(pk=uuid.uuid4(), fence=1)
    with workspace.open("job", row) as folder:
        for number in range(25):
            (folder / f"{number}.mp4").write_bytes(bytes(4_000_000))
        began = time.perf_counter()
    took.append(time.perf_counter() - began)
print(json.dumps(median(took) * 1000))
"""


def main() -> None:
    """Measure, print the table and the query plans, write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a target is missed")
    options = parser.parse_args()
    share = 10 if options.quick else 1
    rows: list[Row] = []
    for stack in ("sqlite", "postgres", "redis"):
        try:
            with tempfile.TemporaryDirectory(prefix="bench_") as folder, housed(Path(folder), stack) as house:
                rows += measure(house, stack, share)
        except Missing as missing:
            say(f"{stack}: {missing} is not installed")
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps([row.__dict__ | {"met": row.met} for row in rows], indent=2) + "\n")
    say(table(rows, REPORT))
    if options.strict and not all(row.met for row in rows):
        sys.exit(1)


@contextmanager
def housed(folder: Path, stack: str) -> Iterator[House]:
    """A house of the stack with its tables."""
    postgres = Postgres().start() if stack != "sqlite" else None
    redis = Redis().start() if stack == "redis" else None
    database = postgres.create("bench") if postgres else f"sqlite:///{folder / 'db.sqlite3'}"
    house = House(folder, database, redis.url if redis else "")
    try:
        house.manage("migrate", "--run-syncdb", "--verbosity", "0")
        yield house
    finally:
        house.close()
        for server in (postgres, redis):
            if server:
                server.close()


def measure(house: House, stack: str, share: int) -> list[Row]:
    """All figures of one stack."""
    say(f"{stack}:")
    rows = []
    if stack != "redis":
        found = script(house, CLAIM, 100 // share, IN_LINE // share)
        for step in found["plan"]:
            say(f"  {step}")
        ratio = found["many"] / found["few"]
        note = f"{found['few']:.2f} ms, then {found['many']:.2f} ms"
        rows.append(Row(f"{stack}: a claim with 10,000 in line", ratio, 1.5, at_most=True, note=note))
        house.sql("DELETE FROM errands_errand")
    if stack == "sqlite":
        rows.append(Row("removing a workspace of 100 MB", script(house, CLEAN, 5), 10, at_most=True, unit="ms"))
    house.start()
    starts = sorted(start(house) for _ in range(60 // share))
    note = f"p95 {starts[int(len(starts) * 0.95)]:.0f} ms"
    rows.append(Row(f"{stack}: order to start, p50", median(starts), 150, at_most=True, unit="ms", note=note))
    rates = [rate(house, 600 // share) for _ in range(3 if share == 1 else 1)]
    rows.append(Row(f"{stack}: empty jobs, end to end", median(rates), 80, at_most=False, unit="/s"))
    return rows


def start(house: House) -> float:
    """Milliseconds from an order in an idle house to the start of its work."""
    errand = house.ended(house.errand())
    return 1000 * seconds_between(errand["created_at"], errand["started_at"])


def rate(house: House, count: int) -> float:
    """Jobs a second, from the first order to the last end."""
    house.sql("DELETE FROM errands_errand")
    script(house, ORDER, count)
    until(lambda: house.sql("SELECT count(*) AS n FROM errands_errand WHERE finished_at IS NOT NULL")[0]["n"] == count)
    ends = house.sql("SELECT min(created_at) AS first, max(finished_at) AS last FROM errands_errand")[0]
    return count / seconds_between(ends["first"], ends["last"])


def seconds_between(first: Any, last: Any) -> float:
    """Of two moments as the database gives them: SQLite as text."""
    begin, end = (datetime.fromisoformat(str(moment)) for moment in (first, last))
    return (end - begin).total_seconds()


def script(house: House, text: str, *words: int) -> Any:
    """Run it in the house; what it prints, read as JSON."""
    command = [sys.executable, "-c", text, *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, env=house.environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout or "null")


if __name__ == "__main__":
    main()
