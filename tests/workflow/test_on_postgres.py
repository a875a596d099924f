"""What two people do at the same moment ends as well on PostgreSQL, which lets them both begin, as on SQLite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RACES = (
    "models/test_storyboard",
    "work/test_ended",
    "workflow/test_approval_races",
    "workflow/test_cancel",
    "workflow/test_gone_inputs",
)


@pytest.mark.parametrize("races", RACES)
def test_races_end_the_same_way(races: str, postgres_url: str) -> None:
    inside = {name: value for name, value in os.environ.items() if not name.startswith(("TESTS_DIR", "PYTEST"))}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", f"tests/{races}.py"]
    done = subprocess.run(
        words, cwd=ROOT, env=inside | {"DATABASE_URL": postgres_url}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-8000:]
