"""The laws of the house that import-linter cannot say."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("videoserver", "media_assets", "rendering")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)
IN_CHILDREN_ONLY = {"moviepy", "cv2", "av"}
CHILDREN = (ROOT / "rendering/engine", ROOT / "media_assets/av")
GOES_OUT = {"requests", "httpx", "urllib3", "urllib.request", "http.client"}
GUARDED = ROOT / "media_assets/download.py"
MEANINGLESS = {"utils", "util", "helpers", "helper", "common", "core", "misc"}
LONGEST = 250


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_keeps_the_laws(path: Path) -> None:
    names = imports(path)
    roots = {name.split(".")[0] for name in names}
    if not any(child in path.parents for child in CHILDREN):
        assert not roots & IN_CHILDREN_ONLY, "media libraries are opened in child processes only"
    assert path == GUARDED or not roots & GOES_OUT | names & GOES_OUT, "only the guarded download may go out"
    assert path.stem not in MEANINGLESS
    text = path.read_text()
    told = ast.get_docstring(ast.parse(text))
    assert told, "a module says in a line what it is"
    assert text.count("\n") <= LONGEST or re.search(r"\blines\b|\blong\b", told), "too long without a reason"


def test_every_room_of_the_top_floor_is_on_a_floor() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    placed = {name.strip() for layer in contracts[0]["layers"] for name in re.split("[|:]", layer)}
    rooms = {
        f"videoserver.{path.stem}"
        for path in (ROOT / "videoserver").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - placed == {"videoserver.__init__", "videoserver.apps"}


def test_the_top_level_holds_what_every_python_project_holds() -> None:
    allowed = {
        "videoserver",
        "media_assets",
        "rendering",
        "templates",
        "tests",
        "docs",
        "manage.py",
        "Makefile",
        "Dockerfile",
        "compose.yaml",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "THIRD-PARTY.md",
        "pyproject.toml",
        "requirements.in",
        "requirements.txt",
        "requirements-dev.in",
        "requirements-dev.txt",
        "overrides.txt",
    }
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - {"var"}
    assert found <= allowed


def test_the_lock_names_no_host() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "overrides.txt"):
        assert "://" not in (ROOT / name).read_text()
