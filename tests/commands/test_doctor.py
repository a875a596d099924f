"""The doctor finds what is wrong, and says what to do."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests import footage
from tests.test_settings import documented
from videoserver import doctor
from videoserver.work import workspace


def findings(**options: object) -> dict[str, dict[str, object]]:
    output = io.StringIO()
    try:
        call_command("doctor", as_json=True, stdout=output, **options)
    except CommandError as error:
        assert error.returncode == 1
    return {finding["check"]: finding for finding in json.loads(output.getvalue())}


def test_a_whole_film_is_well(tmp_path: Path) -> None:
    found = findings(file=footage.film(tmp_path / "good.mp4", 1, sound=True))
    assert {"size", "box ftyp", "box moov", "box mdat", "decode"} <= found.keys()
    assert all(finding["ok"] for finding in found.values())


@pytest.mark.parametrize("kept", [0, 26, 2000])
def test_a_cut_film_is_wrong_with_a_place_and_a_cure(tmp_path: Path, kept: int) -> None:
    path = footage.film(tmp_path / "cut.mp4", 1)
    path.write_bytes(path.read_bytes()[:kept])
    found = findings(file=path)
    assert not found["boxes"]["ok"]
    assert found["boxes"]["cure"]
    assert not found["decode"]["ok"]


def test_a_file_that_is_not_there_is_wrong(tmp_path: Path) -> None:
    assert not findings(file=tmp_path / "none.mp4")["file"]["ok"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "check", ["versions", "codecs", "ffmpeg", "fonts", "database", "storage", "clock", "disk", "workspaces", "render"]
)
def test_every_part_of_this_machine_is_well(check: str) -> None:
    found = doctor.finding(check, doctor.CHECKS[check])
    assert found.ok, found


@pytest.mark.django_db
def test_a_full_disk_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_DISK", 10**18)
    found = doctor.finding("disk", doctor.disk)
    assert not found.ok
    assert "Free some space" in found.cure


@pytest.mark.parametrize(
    ("preset", "crf"), [*((preset, 20) for preset in documented("X264_PRESET")), ("veryfast", 1), ("veryfast", 51)]
)
def test_every_documented_preset_and_quality_renders_and_joins(settings: Any, preset: str, crf: int) -> None:
    settings.X264_PRESET, settings.X264_CRF = preset, crf
    found = doctor.finding("render", doctor.render)
    assert found.ok, found.detail
    assert f"with {preset}, CRF {crf}" in found.detail


@pytest.mark.django_db
def test_a_database_that_does_not_fit_is_told_with_what_to_do() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE rendering_job RENAME COLUMN priority TO rank")
    found = doctor.finding("database", doctor.database)
    assert not found.ok
    assert "the table rendering_job lacks priority" in found.detail
    assert "restore a backup" in found.cure


def test_a_workspace_that_could_not_be_removed_is_told_with_its_place_and_what_to_do(
    tmp_path: Path, settings: Any
) -> None:
    settings.WORKSPACES_DIR = tmp_path / "workspaces"
    left = settings.WORKSPACES_DIR / "job_left"
    left.mkdir(parents=True)
    (left / "film.mp4").write_bytes(bytes(5_000_000))
    found = doctor.finding("workspaces", doctor.workspaces)
    assert found.ok, "a run that has just begun"
    assert "1, 5.0 MB, the oldest 0 s old; 0 failures ever" in found.detail
    (left / workspace.ABANDONED).touch()
    found = doctor.finding("workspaces", doctor.workspaces)
    assert not found.ok
    assert "1 should be gone" in found.detail
    assert str(left) in found.cure and "cleanup_workspaces" in found.cure
    workspace.sweep()
    assert doctor.finding("workspaces", doctor.workspaces).ok
