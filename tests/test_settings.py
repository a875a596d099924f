"""Settings: a bad value stops the start with a sentence that names it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

from videoserver import environment, settings


def documented(name: str) -> list[str]:
    """The values that the reference names for a setting, its default among them."""
    row = re.search(rf"^\| `{name}` \|(.+)$", (settings.BASE_DIR / "docs/reference.md").read_text(), re.M)
    assert row
    return sorted(set(re.findall("`([a-z]+)`", row[1])))


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


SECRET = "top/secret"
BAD = {
    "DATA_DIR=/proc/none": "DATA_DIR must be a folder that can be made: /proc/none",
    "DATA_DIR=/dev/null": "DATA_DIR must be a folder that can be made: /dev/null: it is no folder",
    "DATA_DIR=/etc/passwd/var": "DATA_DIR must be a folder that can be made: /etc/passwd/var: Not a directory",
    "DATA_DIR=/sys": "DATA_DIR must be a folder",
    f"BROKER_URL=amqp://user:{SECRET}@host": "BROKER_URL must begin with redis://, rediss:// or unix://, but",
    "BROKER_URL=redis": "BROKER_URL must begin with redis://",
    "BROKER_URL=redis:///0": "BROKER_URL must name a host",
    f"REDIS_URL=redis://:{SECRET}@host:6379/0": "REDIS_URL must name a host",
    "REDIS_URL=redis://host:99999/0": "REDIS_URL cannot be read",
    "PUBLIC_URL=video.example.org": "PUBLIC_URL must be an address such as https://",
    "PUBLIC_URL=ftp://video.example.org": "PUBLIC_URL must be an address such as https://",
    "PUBLIC_URL=https://": "PUBLIC_URL must be an address such as https://",
    "FAULTS=bogus": "FAULTS must hold NAME:ACTION[=SECONDS][@HIT], but it holds 'bogus'",
    f"DATABASE_URL=postgres://user:{SECRET}@host/name": "DATABASE_URL cannot be read",
    "DATABASE_URL=postgres://host": "DATABASE_URL must name a database",
    "DATABASE_URL=sqlite:////nowhere/at/all.sqlite3": "DATABASE_URL must name a file in a folder that is there",
    "DATABASE_URL=sqlite://:memory:": "DATABASE_URL must name a file",
    "ALLOWED_HOSTS=https://video.example.org": "ALLOWED_HOSTS must name hosts without scheme",
    "ALLOWED_HOSTS=video.example.org:8000": "ALLOWED_HOSTS must name hosts without scheme",
    "CSRF_TRUSTED_ORIGINS=video.example.org": "CSRF_TRUSTED_ORIGINS must name origins such as https://",
    "IMPORT_ALLOWED_HOSTS=host:70000": "IMPORT_ALLOWED_HOSTS must name HOST:PORT",
    "X264_CRF=0": "X264_CRF must be a whole number from 1 to 51, but it is '0'",
    "X264_PRESET=placebo": "X264_PRESET must be one of ultrafast, ",
    "STORGE=local": "STORGE is no setting. Did you mean STORAGE?",
    "X264_PRESETS=fast": "X264_PRESETS is no setting. Did you mean X264_PRESET?",
    "WEB_THREAD=3": "WEB_THREAD is no setting. Did you mean WEB_THREADS?",
    "DEBGU=0": "DEBGU is no setting. Did you mean DEBUG?",
}


@pytest.mark.parametrize("given", BAD)
def test_a_bad_setting_is_told_first_and_alone(tmp_path: Path, given: str) -> None:
    name, _, value = given.partition("=")
    for words in (["manage.py", "worker"], ["-c", "import videoserver.wsgi"]):
        done = run(tmp_path, words, **{name: value})
        assert done.returncode > 0 and not done.stdout
        assert done.stderr.startswith(BAD[given])
        assert done.stderr.count("\n") == 1, done.stderr
        assert SECRET.partition("/")[0] not in done.stderr


@pytest.mark.parametrize("words", [["migrate"], ["doctor"], ["serve"], ["web"], ["check"], ["help"], ["nonsense"]])
def test_every_command_tells_a_bad_setting(tmp_path: Path, words: list[str]) -> None:
    done = run(tmp_path, ["manage.py", *words], X264_CRF="0")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "X264_CRF must be a whole number from 1 to 51, but it is '0'.\n"


@pytest.mark.parametrize(
    "name",
    [
        "PORTS",
        "SORT",
        "POST",
        "DB_URL",
        "DEBUGINFOD_URLS",
        "XDG_DATA_DIRS",
        "WORKER_PORT",
        "REDIS_PORT",
        "EXPORT_TIMEOUT",
    ],
)
def test_names_of_others_are_let_alone(name: str) -> None:
    assert not [ours for ours in settings.env.names if environment.is_slip(name, ours)]


@pytest.mark.parametrize("ours", sorted(settings.env.names))
def test_no_setting_is_taken_for_a_slip_of_another(ours: str) -> None:
    assert not [name for name in settings.env.names if name != ours and environment.is_slip(ours, name)]


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("LOG_FORMAT", "STORAGE") for value in documented(name)]
    + [("X264_CRF", "1"), ("X264_CRF", "51"), ("DEBUG", "1"), ("BROKER_URL", "redis://:p%40ss@host:6379/0")]
    + [("BROKER_URL", "unix:///run/redis.sock"), ("PUBLIC_URL", "https://video.example.org/"), ("WEB_THREADS", "256")]
    + [("ALLOWED_HOSTS", ".example.org,[::1],*,video_1"), ("CSRF_TRUSTED_ORIGINS", "https://*.example.org")],
)
def test_a_documented_value_starts(tmp_path: Path, name: str, value: str) -> None:
    assert load(tmp_path, **{name: value}).returncode == 0


def test_a_secret_that_begins_with_a_dollar_is_no_variable(tmp_path: Path) -> None:
    assert load(tmp_path, SECRET_KEY="$HOME of fifty characters").returncode == 0


def test_a_kept_secret_key_that_is_empty_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    (tmp_path / "secret_key").touch()
    with pytest.raises(ImproperlyConfigured, match="The kept SECRET_KEY is empty"):
        settings.secret_key(tmp_path, debug=True)


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


def run(folder: Path, words: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """A Python process with these settings, to its end."""
    ours = {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "videoserver.settings"}
    env = {**os.environ, **ours, **environment}
    return subprocess.run(
        [sys.executable, *words], env=env, capture_output=True, text=True, cwd=settings.BASE_DIR, timeout=60
    )


def load(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The settings in a process of their own."""
    words = [sys.executable, "-c", "from videoserver.settings import WORKER_QUEUES; print(WORKER_QUEUES)"]
    env = {**os.environ, "DATA_DIR": str(folder), **environment}
    return subprocess.run(words, env=env, capture_output=True, text=True, cwd=settings.BASE_DIR, timeout=60)


def test_the_suite_runs_with_the_limit_of_calls_that_is_shipped() -> None:
    """Without it nobody would see what becomes of calls that cannot be counted."""
    assert django_settings.API_RATE == settings.API_RATE == "1200/min"
    tests = Path(__file__).parent
    servers = [tests / name for name in ("acceptance/server.py", "chaos/site.py", "work/house.py", "settings.py")]
    assert [path for path in servers if "API_RATE" in path.read_text()] == []


def test_trusted_proxies_are_addresses_or_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_PROXIES", "10.0.0.0/8, ::1")
    assert [str(network) for network in settings.networks("SOME_PROXIES")] == ["10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize("text", ["nginx", "10.0.0.1/8", "10.0.0.0/33", "*"])
def test_a_trusted_proxy_that_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SOME_PROXIES", text)
    with pytest.raises(ImproperlyConfigured, match="SOME_PROXIES must name addresses or networks"):
        settings.networks("SOME_PROXIES")
