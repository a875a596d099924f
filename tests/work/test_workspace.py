"""Scratch folders: one for each run, and nothing else is ever removed."""

from __future__ import annotations

import io
import logging
import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

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
    assert f"Cleaned up temp directory: {one}" in [record.getMessage() for record in caplog.records]


def test_it_is_gone_after_an_error_too(root: Path) -> None:
    with pytest.raises(ZeroDivisionError), workspace.open("job", ROW):
        raise ZeroDivisionError
    assert list(root.iterdir()) == []


def test_what_is_no_rows_run_has_a_folder_that_is_never_too_old_either(root: Path) -> None:
    with workspace.scratch("still") as folder:
        assert folder.parent == root and folder.name.startswith("still_")
        os.utime(folder, (0, 0))
        assert workspace.sweep(max_age=0) == 0
    assert list(root.iterdir()) == []


def test_what_cannot_be_removed_is_told_and_hides_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError("no")

    monkeypatch.setattr("shutil.rmtree", refuse)
    with workspace.open("job", ROW) as folder:
        pass
    (told,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert told.getMessage() == f"Failed to cleanup temp path: {folder}"
    assert told.__dict__["reason"] == "no"


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


def test_one_that_has_no_owner_yet_is_being_made(root: Path) -> None:
    (root / "still_new").mkdir(parents=True)
    (root / "still_old").mkdir()
    os.utime(root / "still_old", (time.time() - 30,) * 2)
    assert workspace.sweep(max_age=0) == 1
    assert [folder.name for folder in root.iterdir()] == ["still_new"]


def test_what_could_not_be_removed_is_tried_again_while_its_process_lives(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refusals = shutil.rmtree, [PermissionError("busy")]

    def refuse_once(folder: Path) -> None:
        if refusals:
            raise refusals.pop()
        real(folder)

    monkeypatch.setattr("shutil.rmtree", refuse_once)
    with workspace.open("job", ROW) as folder:
        pass
    assert workspace.left() == [folder]
    assert workspace.sweep() == 1
    assert list(root.iterdir()) == []
    assert workspace.left() == []


def test_failures_are_counted_beyond_the_processes_that_met_them(root: Path, settings: Any) -> None:
    assert workspace.census().failures == 0
    program = """
import django, os, pathlib, shutil
django.setup()
from django.conf import settings
from videoserver.work import workspace
settings.WORKSPACES_DIR = pathlib.Path(os.environ["ROOT"])
def refuse(folder):
    raise PermissionError("busy")
shutil.rmtree = refuse
(workspace.root() / os.environ["NAME"]).mkdir(parents=True)
workspace.remove(workspace.root() / os.environ["NAME"])
"""
    for name in ("job_one", "job_two"):
        environment = {**os.environ, "ROOT": str(root), "NAME": name, "DATA_DIR": str(settings.DATA_DIR)}
        subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, timeout=60)
    assert workspace.census().failures == 2
    assert workspace.sweep() == 2
    assert workspace.census().failures == 2, "what happened stays told when it is mended"


def test_what_was_left_long_ago_and_what_others_use_are_told_apart(root: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owners = {"dead": process.name_of(dead.pid), "dead-old": process.name_of(dead.pid), "used-old": process.me()}
    dead.communicate()
    for name, owner in owners.items():
        (root / name).mkdir(parents=True)
        (root / name / workspace.OWNER).write_text(owner)
        if name.endswith("old"):
            os.utime(root / name, (0, 0))
    assert [folder.name for folder in workspace.left()] == ["dead-old"], "sweepers had no time for the other one yet"


def test_the_census_counts_folders_and_bytes(root: Path) -> None:
    assert workspace.census().count == 0
    with workspace.open("job", ROW) as folder, workspace.open("intro", ROW) as other:
        (folder / "film.mp4").write_bytes(bytes(5000))
        (folder / "deep").mkdir()
        (folder / "deep" / "more").write_bytes(bytes(700))
        os.utime(other, (0, 0))
        seen = workspace.census()
    assert seen.count == 2
    assert 5700 <= seen.bytes < 6700 + 2 * 4096
    assert seen.oldest > 86400


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("cleanup_workspaces", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_removes_what_nobody_uses_and_says_so(root: Path) -> None:
    for name, owner in {"job_left": "another-host:1:1", "job_used": process.me()}.items():
        (root / name).mkdir(parents=True)
        (root / name / workspace.OWNER).write_text(owner)
        (root / name / "film.mp4").write_bytes(bytes(2_000_000))
        os.utime(root / name, (time.time() - 1800,) * 2)
    assert "0 workspaces removed" in told()
    assert "1 workspaces would be removed, 2.0 MB" in told("--dry-run", "--older-than", "20m")
    assert (root / "job_left").exists()
    assert "job_left: 2.0 MB" in (said := told("--older-than", "20m"))
    assert "1 workspaces removed, 2.0 MB; 0 could not be." in said
    assert [folder.name for folder in root.iterdir()] == ["job_used"]
    assert "0 workspaces removed" in told("--older-than", "0"), "what is in use is never too old"


def test_an_age_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="'soon' is no age"):
        told("--older-than", "soon")
