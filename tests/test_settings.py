"""Settings: a bad value stops the start with a sentence that names it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from videoserver import settings


@pytest.mark.parametrize(("word", "meant"), [("1", True), ("yes", True), ("On", True), ("0", False), ("false", False)])
def test_flags_are_words(monkeypatch: pytest.MonkeyPatch, word: str, meant: bool) -> None:
    monkeypatch.setenv("A_FLAG", word)
    assert settings.flag("A_FLAG", not meant) is meant


def test_a_flag_that_is_no_word_for_yes_or_no_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_FLAG", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="A_FLAG must be 1 or 0, but it is 'perhaps'"):
        settings.flag("A_FLAG", False)


@pytest.mark.parametrize("text", ["many", "1.5", "", "-1", "300"])
def test_a_number_out_of_its_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("A_NUMBER", text)
    with pytest.raises(ImproperlyConfigured, match="A_NUMBER must be a whole number from 1 to 256"):
        settings.whole("A_NUMBER", 2, 1, 256)


@pytest.mark.parametrize("text", ["much", "nan", "0.5", "inf"])
def test_a_decimal_out_of_its_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("A_DECIMAL", text)
    with pytest.raises(ImproperlyConfigured, match="A_DECIMAL must be a number from 1 to 100"):
        settings.decimal("A_DECIMAL", 1.2, 1, 100)


def test_a_choice_is_one_of_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_CHOICE", "tape")
    with pytest.raises(ImproperlyConfigured, match="A_CHOICE must be one of local, s3, but it is 'tape'"):
        settings.choice("A_CHOICE", "local", ("local", "s3"))


@pytest.mark.parametrize("url", ["mysql://host/name", "nonsense", "postgres://host:port:port/x"])
def test_a_database_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        settings.database(tmp_path)


def test_sqlite_waits_for_its_lock_and_survives_a_power_cut(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    options = settings.database(tmp_path)["OPTIONS"]
    assert (options["transaction_mode"], options["timeout"]) == ("IMMEDIATE", 20)
    assert "journal_mode=WAL" in options["init_command"]
    assert "synchronous=FULL" in options["init_command"]


def test_a_secret_key_is_made_once_and_kept_to_its_owner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    first = settings.secret_key(tmp_path, debug=True)
    assert len(first) >= 50
    assert settings.secret_key(tmp_path, debug=True) == first
    assert os.stat(tmp_path / "secret_key").st_mode & 0o077 == 0  # noqa: PTH116


def test_a_public_server_needs_a_secret_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY must be set when DEBUG is 0"):
        settings.secret_key(tmp_path, debug=False)


def test_a_public_server_has_no_faults(tmp_path: Path) -> None:
    public = {
        "DEBUG": "0",
        "SECRET_KEY": "of fifty characters",
        "ALLOWED_HOSTS": "example.org",
        "DATA_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", "import videoserver.settings"],
        env=os.environ | public | {"FAULTS": "job.stored:raise"},
        capture_output=True,
        text=True,
    )
    assert "FAULTS is for tests: it must be empty when DEBUG is 0." in done.stderr


@pytest.mark.parametrize("name", ["a farm", "-farm", "farm/1", "x" * 51, "render", "default"])
def test_a_render_cluster_has_a_name_of_its_own(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="RENDER_CLUSTER must be a"):
        settings.cluster_name("RENDER_CLUSTER", name)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"RENDER_CLUSTER": "media_import"}, "RENDER_CLUSTER must be a new name, but 'media_import' is a queue"),
        ({"WORKER_QUEUES": "render,farm"}, "WORKER_QUEUES may name default, media_import, render, but not farm"),
        (
            {"RENDER_CLUSTER": "farm", "WORKER_QUEUES": "farms"},
            "WORKER_QUEUES may name default, media_import, render, farm, but not farms",
        ),
    ],
)
def test_a_bad_cluster_or_queue_stops_the_start(tmp_path: Path, environment: dict[str, str], sentence: str) -> None:
    failed = load(tmp_path, **environment)
    assert failed.returncode != 0 and sentence in failed.stderr


def test_a_machine_of_the_render_cluster_serves_it(tmp_path: Path) -> None:
    assert load(tmp_path, RENDER_CLUSTER="farm", WORKER_QUEUES="farm").stdout == "['farm']\n"
    assert load(tmp_path, WORKER_QUEUES="").stdout == "['default', 'media_import', 'render']\n"


def load(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The settings in a process of their own."""
    words = [sys.executable, "-c", "from videoserver.settings import WORKER_QUEUES; print(WORKER_QUEUES)"]
    env = {**os.environ, "DATA_DIR": str(folder), **environment}
    return subprocess.run(words, env=env, capture_output=True, text=True, cwd=settings.BASE_DIR, timeout=60)
