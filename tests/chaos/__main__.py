"""`make chaos SEED=… JOBS=…`: the seeded fault run, over each stack; exit 1 if a promise was broken."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.chaos.adversary import Adversary
from tests.chaos.client import Client
from tests.chaos.invariants import Verdict, judge
from tests.chaos.site import STACKS, Site, pause

REPORT = Path("var/bench/chaos.json")
MOST_ROWS = 40
"""So many are under way at most: each fault meets work at every stage."""
GAPS = (0.3, 2.5)
SETTLING = 240.0
REDIS_AWAY = 60.0
"""Seconds: longer than any patience of a client's or a worker's here."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--stack", choices=[*STACKS, "all"], default="all")
    parser.add_argument("--redis-away", type=float, default=REDIS_AWAY, metavar="S", help="how long Redis is stopped")
    asked = parser.parse_args()
    report: dict[str, Any] = {"seed": asked.seed, "jobs": asked.jobs, "stacks": {}}
    broken = False
    for stack in STACKS if asked.stack == "all" else [asked.stack]:
        verdict = run(stack, asked.seed, asked.jobs, asked.redis_away)
        report["stacks"][stack] = {"figures": verdict.figures, "broken": verdict.broken}
        broken = broken or bool(verdict.broken)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1))
    say(f"\n{'A promise was broken' if broken else 'Every promise was kept'}; seed {asked.seed}, report in {REPORT}")
    return int(broken)


def run(stack: str, seed: int, jobs: int, redis_away: float = REDIS_AWAY) -> Verdict:
    """One stack under faults until all jobs have ended; prints what it found."""
    began = time.monotonic()
    say(f"\nChaos over {stack}, seed {seed}, {jobs} jobs")
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{stack}-"))
    site = Site(folder, stack)
    try:
        verdict = under_faults(site, seed, jobs, redis_away)
    except BaseException:
        say(f"  its logs: {folder}")
        raise
    finally:
        site.close()
    if verdict.broken:
        say(f"  its logs: {folder}")
    else:
        shutil.rmtree(folder)
    verdict.figures["seconds"] = round(time.monotonic() - began)
    for name, value in verdict.figures.items():
        say(f"  {value!s:>8}  {name}")
    for told in verdict.broken:
        say(f"  BROKEN: {told}")
    return verdict


def under_faults(site: Site, seed: int, jobs: int, redis_away: float) -> Verdict:
    """Order, strike, order, strike, … with Redis away amid it, if there is one; then let it settle, and look."""
    client = Client(site, random.Random(f"orders {seed}"))
    adversary = Adversary(site, client, random.Random(f"faults {seed}"))
    client.prepare()
    ordered = 0
    while ordered < jobs:
        if site.redis and not adversary.done["Redis away"] and ordered >= jobs // 3:
            adversary.take_redis_away(redis_away)
        for _ in range(adversary.random.randint(1, 3)):
            if ordered < jobs:
                client.order(ordered)
                ordered += 1
        pause(adversary.random.uniform(*GAPS))
        adversary.strike()
        while (site.live() or 0) > MOST_ROWS:
            pause(0.5)
    adversary.rest()
    end = time.monotonic() + SETTLING
    while site.live() != 0 and time.monotonic() < end:
        pause(0.5)
    for name, times in sorted(adversary.done.items()):
        say(f"  {times:>8}  {name}")
    return judge(site, client, adversary)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
