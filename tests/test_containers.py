"""The containers' recipe fits the code: its settings start a server, its commands and addresses are ours."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from django.urls import resolve

ROOT = Path(__file__).resolve().parent.parent
RECIPE = (ROOT / "Dockerfile").read_text()
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "videoserver"}
GIVEN = {"SECRET_KEY": "x" * 50, "POSTGRES_PASSWORD": "hidden"}


def filled(text: str) -> str:
    """As with a small `.env`: `${NAME:-default}`, and `${NAME:?sentence}` for what must be given."""
    return re.sub(r"\$\{(\w+):([-?])([^}]*)\}", lambda m: GIVEN[m[1]] if m[2] == "?" else GIVEN.get(m[1], m[3]), text)


def test_its_settings_start_a_server(tmp_path: Path) -> None:
    own = {name: filled(value) for name, value in OURS["web"]["environment"].items()}
    plain = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environment = plain | own | {"DATA_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert f":{GIVEN['POSTGRES_PASSWORD']}@" in own["DATABASE_URL"]


def test_its_settings_are_those_of_the_reference() -> None:
    told = (ROOT / "docs/reference.md").read_text()
    assert [name for name in OURS["web"]["environment"] if f"`{name}`" not in told] == []


@pytest.mark.parametrize("name", OURS)
def test_each_container_runs_one_of_our_commands(name: str) -> None:
    default = re.search(r"^CMD (\[.*\])$", RECIPE, re.M)
    assert default
    words = OURS[name].get("command") or yaml.safe_load(default[1])
    assert words[:2] == ["python", "manage.py"]
    assert words[2] in get_commands()


def test_the_web_servers_health_is_asked_where_it_is_told() -> None:
    (address,) = re.findall(r"http://localhost:8000(/[\w/]+)", shlex.join(OURS["web"]["healthcheck"]["test"]))
    assert resolve(address).view_name
    assert "localhost" in filled(OURS["web"]["environment"]["ALLOWED_HOSTS"]).split(",")


def test_a_worker_has_more_time_to_end_than_it_takes() -> None:
    from videoserver.work.supervisor import GRACE, LAST_SECONDS

    assert int(OURS["worker"]["stop_grace_period"].removesuffix("s")) >= 2 * (GRACE + LAST_SECONDS)


def test_nothing_private_goes_into_the_image() -> None:
    kept_out = (ROOT / ".dockerignore").read_text().split()
    assert {".env", ".git", "var"} <= set(kept_out)
    assert "USER videoserver" in RECIPE
