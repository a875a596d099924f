"""Several processes at once: each row is had once, and a reaper's move is made once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.work.house import House, on
from videoserver.work.sandbox import ROOT

ROWS = 100
CLAIM = """
import django, sys
django.setup()
from tests.work.errands.models import Errand
print("ready", flush=True)
for line in sys.stdin:
    print(Errand.objects.claim(line.strip()) is not None, flush=True)
"""
REAP = """
import django, sys
django.setup()
from dataclasses import astuple
from videoserver.work import recover
print("ready", flush=True)
for line in sys.stdin:
    print(sum(astuple(recover.reap())), flush=True)
"""


class Racers:
    """Processes that do the same thing at the same moment, again and again."""

    def __init__(self, house: House, code: str, number: int) -> None:
        self.each = [
            subprocess.Popen(
                [sys.executable, "-c", code],
                cwd=ROOT,
                env=house.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for _ in range(number)
        ]
        assert [self.hear(racer) for racer in self.each] == ["ready"] * number

    def go(self, line: str = "go") -> list[str]:
        """Start them with this line; what each says when it has arrived."""
        for racer in self.each:
            assert racer.stdin
            racer.stdin.write(f"{line}\n")
            racer.stdin.flush()
        return [self.hear(racer) for racer in self.each]

    def hear(self, racer: subprocess.Popen[str]) -> str:
        assert racer.stdout
        return racer.stdout.readline().strip()

    def close(self) -> None:
        for racer in self.each:
            racer.communicate()


@pytest.fixture
def race(house: House, request: pytest.FixtureRequest) -> Racers:
    """Three of the code that the test names."""
    racers = Racers(house, request.param, 3)
    request.addfinalizer(racers.close)
    return racers


@on("sqlite", "postgres")
@pytest.mark.parametrize("race", [CLAIM], indirect=True, ids=["claim"])
def test_racing_claimants_have_each_row_once(house: House, race: Racers) -> None:
    house.rows(ROWS)
    for row in house.sql("SELECT id FROM errands_errand"):
        assert sorted(race.go(row["id"])) == ["False", "False", "True"]
    held = house.sql("SELECT fence, attempt FROM errands_errand")
    assert {(row["fence"], row["attempt"]) for row in held} == {(1, 1)}


@pytest.mark.parametrize("race", [REAP], indirect=True, ids=["reap"])
def test_racing_reapers_move_and_ring_each_row_once(house: House, race: Racers) -> None:
    """They were dead for long, too: all that they find is late, and none of it is left."""
    house.rows(ROWS, status="running", attempt=1, fence=1, lease_until="2020-01-01T00:00Z", claimed_by="elsewhere:1:1")
    assert sum(int(said) for said in race.go()) == ROWS
    moved = house.sql("SELECT status, attempt, fence FROM errands_errand")
    assert {(row["status"], row["attempt"], row["fence"]) for row in moved} == {("queued", 1, 3)}
    assert house.bells() == ROWS
    house.sql("UPDATE errands_errand SET rung_at = NULL")
    assert sum(int(said) for said in race.go()) == ROWS
    assert house.bells() == 2 * ROWS
    assert [int(said) for said in race.go()] == [0, 0, 0]
