"""Chaos for as long as it takes: 200 jobs on each stack, with a seed of its own each time."""

from __future__ import annotations

import random
from pathlib import Path

from tests.chaos.__main__ import run
from tests.chaos.site import STACKS

JOBS = 200


def step(_folder: Path, jobs: int = JOBS) -> str:
    """Every promise is kept on every stack, or AssertionError names those that were broken, and the seed."""
    seed = random.randrange(10**6)
    broken = [f"{stack}: {told}" for stack in STACKS for told in run(stack, seed, jobs).broken]
    assert not broken, f"seed {seed}: {' '.join(broken)}"
    return f"seed {seed}: every promise was kept over {jobs} jobs on each of {', '.join(STACKS)}"
