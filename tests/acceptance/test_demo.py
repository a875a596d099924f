"""`manage.py demo`, from an empty folder to a film, on each pair of database and broker."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from rendering.engine import boxes
from tests.acceptance.server import ROOT, Server


@pytest.mark.parametrize("parts", ["sqlite", "postgres and redis"])
def test_the_demo_makes_a_film_from_its_brief(parts: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    environment = {}
    if parts == "postgres and redis":
        environment = {
            "DATABASE_URL": request.getfixturevalue("postgres_url"),
            "BROKER_URL": request.getfixturevalue("redis_url"),
        }
    server = Server(tmp_path, **environment)
    told = server.manage("demo", "--quality", "draft")
    film = Path(re.search(r"path +(\S+)", told)[1])  # type: ignore[index]
    assert boxes.starts_fast(boxes.whole(film))
    seconds = float(re.search(r"length +([\d.]+) s", told)[1])  # type: ignore[index]
    assert 15 <= seconds <= 30
    templates = re.search(r"scenes +(\d+) \((.*)\)", told)
    assert templates and int(templates[1]) >= 5 and len(templates[2].split(", ")) >= 3
    assert not server.family(), "nothing runs on"


def test_a_bad_setting_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"DATA_DIR": str(tmp_path), "WORKERS": "many", "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode
    assert "WORKERS must be a whole number from 1 to 256, but it is 'many'." in done.stderr
