"""The doctor finds what is wrong, and says what to do."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests import footage
from tests.servers import Redis
from tests.services import wait_until
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


BROKER_FAULTS: dict[str, tuple[Callable[[Redis], None], str, str]] = {
    "stopped": (Redis.stop, "does not answer. ", "Start Redis there, or correct BROKER_URL"),
    "hangs": (Redis.pause, "does not answer. ", "Start Redis there, or correct BROKER_URL"),
    "another password": (
        lambda server: server.set_password("another"),
        "refuses the password. ",
        "Put the password that Redis asks for into BROKER_URL",
    ),
    "full": (
        lambda server: server.configure("maxmemory", "1"),
        "answers, but takes nothing. ",
        "free memory or disk there",
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("fault", BROKER_FAULTS)
def test_a_broker_that_does_not_work_is_named_with_its_own_cure(fault: str, redis_server: Redis, settings: Any) -> None:
    """And not the workers: they cannot answer through it."""
    break_it, phrase, cure = BROKER_FAULTS[fault]
    redis_server.set_password("hidden")
    settings.BROKER_URL = redis_server.url
    break_it(redis_server)
    try:
        # What another test of this process found is remembered for two seconds.
        wait_until(lambda: phrase in doctor.finding("broker", doctor.broker).detail, "the fault's name")
        found = doctor.finding("broker", doctor.broker)
        workers = doctor.finding("workers", doctor.workers)
    finally:
        redis_server.ensure()
    assert not found.ok
    assert found.detail.startswith(f"The broker at redis://127.0.0.1:{redis_server.port}/0 {phrase}")
    assert cure in found.cure and "Restart the worker" not in found.cure
    assert "hidden" not in found.detail + found.cure
    assert not workers.ok
    assert (workers.detail, workers.cure) == (
        "Not asked: the broker does not work.",
        "First mend the broker, as said above.",
    )


@pytest.mark.django_db
def test_a_broker_that_works_is_named(redis_server: Redis, settings: Any) -> None:
    assert doctor.finding("broker", doctor.broker).detail == "the database"
    settings.BROKER_URL = redis_server.url
    wait_until(lambda: doctor.finding("broker", doctor.broker).ok, "the broker")
    assert doctor.finding("broker", doctor.broker).detail == redis_server.url


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
