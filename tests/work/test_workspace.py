"""Scratch folders: one for each run, and nothing else is ever removed."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from videoserver.work import process, workspace

ROW = SimpleNamespace(pk=uuid.UUID(int=7), fence=3)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Any) -> Path:
    """The workspaces of one test."""
    settings.WORKSPACES_DIR = tmp_path / "workspaces"
    return tmp_path / "workspaces"


def test_a_run_has_a_folder_of_its_own_that_is_gone_afterwards(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with workspace.open("job", ROW) as one, workspace.open("job", ROW) as other:
        assert one.parent == root and one != other
        assert one.name.startswith(f"job_{ROW.pk}_3_")
        (one / "deep").mkdir()
        (one / "deep" / "file").write_text("scratch")
    assert list(root.iterdir()) == []
    assert f"Cleaned up temp directory: {one}" in caplog.text


def test_it_is_gone_after_an_error_too(root: Path) -> None:
    with pytest.raises(ZeroDivisionError), workspace.open("job", ROW):
        raise ZeroDivisionError
    assert list(root.iterdir()) == []


def test_what_cannot_be_removed_is_told_and_hides_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError("no")

    monkeypatch.setattr("shutil.rmtree", refuse)
    with workspace.open("job", ROW) as folder:
        pass
    assert f"Failed to cleanup temp path: {folder}" in caplog.text


def test_a_name_cannot_lead_out_of_the_root(root: Path) -> None:
    with workspace.open("../../etc", ROW) as folder:
        assert folder.parent == root


@pytest.mark.parametrize("path", ["", ".", "..", "a/b", "../precious", "link"])
def test_nothing_but_a_workspace_is_removed(root: Path, path: str) -> None:
    precious = root.parent / "precious"
    precious.mkdir()
    (root / "a" / "b").mkdir(parents=True)
    (root / "link").symlink_to(precious)
    assert not workspace.remove(root / path)
    assert precious.is_dir() and (root / "a" / "b").is_dir()


def test_a_link_inside_a_workspace_is_not_followed(root: Path) -> None:
    precious = root.parent / "precious"
    precious.mkdir()
    with workspace.open("job", ROW) as folder:
        (folder / "link").symlink_to(precious)
    assert precious.is_dir()


def test_the_sweep_takes_what_dead_processes_left_and_what_is_too_old(root: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owners = {
        "dead": process.name_of(dead.pid),
        "alive": process.me(),
        "elsewhere": "another-host:1:1",
        "elsewhere-old": "another-host:1:1",
    }
    dead.communicate()
    for name, owner in owners.items():
        (root / name).mkdir(parents=True)
        (root / name / workspace.OWNER).write_text(owner)
    os.utime(root / "elsewhere-old", (0, 0))
    os.utime(root / "alive", (0, 0))
    assert workspace.sweep() == 2
    assert sorted(folder.name for folder in root.iterdir()) == ["alive", "elsewhere"]
    assert workspace.sweep() == 0
