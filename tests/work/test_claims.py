"""Many processes claim the same rows: each row is had once."""

from __future__ import annotations

import subprocess
import sys

from tests.work.conftest import House
from videoserver.work.sandbox import ROOT

CLAIM_ALL = """
import django, sys
django.setup()
from tests.work.errands.models import Errand
print("ready", flush=True)
sys.stdin.readline()
print(sum(Errand.objects.claim(pk) is not None for pk in Errand.objects.order_by("pk").values_list("pk", flat=True)))
"""


def test_racing_claimants_have_each_row_once(house: House) -> None:
    rows = 100
    make = f"from tests.work.errands.models import Errand as E; E.objects.bulk_create(E() for _ in range({rows}))"
    house.manage("shell", "--no-imports", "-c", make)
    claimants = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM_ALL],
            cwd=ROOT,
            env=house.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for claimant in claimants:
        assert claimant.stdout and claimant.stdout.readline() == "ready\n"
    for claimant in claimants:
        assert claimant.stdin
        claimant.stdin.write("go\n")
        claimant.stdin.flush()
    had = [int(claimant.communicate(timeout=60)[0]) for claimant in claimants]
    assert sum(had) == rows
    assert {row["fence"] for row in house.sql("SELECT fence FROM errands_errand")} == {1}
