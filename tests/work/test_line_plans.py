"""What it costs to find the next of ten thousand rows, on each database: the index gives it, without scan and sort."""

from __future__ import annotations

import json

from tests.work.house import House, on

ASK = """
import json
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.work.errands.models import Errand
from videoserver.work import line
Errand.objects.bulk_create(Errand(result="ann", turn=turn) for turn in range(10_000))
Errand.objects.bulk_create(Errand(status="running", waiting_for=2, turn=turn) for turn in range(5_000))
with connection.cursor() as cursor:
    cursor.execute("ANALYZE")
with CaptureQueriesContext(connection) as asked:
    assert line.up_next("default")
    line.turn_of(Errand, 5)
explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
plans = {}
with connection.cursor() as cursor:
    for query in asked.captured_queries:
        cursor.execute(f"{explain} {query['sql']}")
        plans[query["sql"]] = " / ".join(str(row[-1]) for row in cursor.fetchall())
print("PLANS" + json.dumps(plans))
"""


@on("sqlite", "postgres")
def test_ten_thousand_rows_in_line_are_not_read(house: House) -> None:
    plans = json.loads(house.manage("shell", "--no-imports", "-v0", "-c", ASK).split("PLANS", 1)[1])
    assert len(plans) >= 4
    for asked, plan in plans.items():
        assert "INDEX" in plan.upper(), asked
        for expensive in ("SCAN errands", "Seq Scan", "Sort", "TEMP B-TREE"):
            assert expensive not in plan, (asked, plan)
