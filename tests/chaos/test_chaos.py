"""The seeded chaos run and the power cut, short: the same code as `make chaos`, with fewer jobs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chaos.__main__ import run
from tests.chaos.adversary import Adversary
from tests.chaos.client import Client
from tests.chaos.invariants import judge
from tests.chaos.site import STACKS, Site
from tests.servers import Missing, patiently
from tests.services import lacking

SEED = 20261121
FILMS = 20


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[[str], Site]]:
    """`site("redis")` is a whole videoserver on this stack."""
    with ExitStack() as open_sites:

        def build(stack: str) -> Site:
            try:
                built = Site(tmp_path, stack)
            except Missing as missing:
                lacking(str(missing))
            open_sites.callback(built.close)
            return built

        yield build


@pytest.mark.parametrize("stack", STACKS)
def test_every_promise_is_kept_under_faults(stack: str) -> None:
    try:
        verdict = run(stack, SEED, jobs=8, redis_away=8)
    except Missing as missing:
        lacking(str(missing))
    assert verdict.broken == []
    assert verdict.figures["jobs"] == 8 and verdict.figures["faults"] >= 4


@pytest.mark.parametrize("stack", ["sqlite", "redis"])
def test_a_power_cut_while_twenty_films_are_made_costs_none(site: Callable[[str], Site], stack: str) -> None:
    """SIGKILL of web, worker and all their processes at once; then all is started again, and all films end well."""
    here = site(stack)
    client = Client(here, random.Random(SEED))
    for number in range(FILMS):
        pk, frames = client.direct(number)
        client.accepted[pk] = {"kind": "direct", "frames": frames}
    patiently(lambda: 0 < (here.live() or 0) < 2 * FILMS - 3, "the first films", 60)
    assert here.kill_everything() == ""
    assert (here.live() or 0) > 0, "it was in the middle of the work"
    here.come_back()
    patiently(lambda: here.live() == 0, "the end of all films", 120)
    verdict = judge(here, client, Adversary(here, client, random.Random(SEED)))
    assert verdict.broken == []
    assert verdict.figures["completed"] == FILMS
