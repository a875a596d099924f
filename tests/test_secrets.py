"""The secret scan finds what it should, lets placeholders be, and finds nothing here."""

from __future__ import annotations

import secrets
import string
import subprocess
import sys
from pathlib import Path

import pytest

from tests import secret_scan
from tests.secret_scan import Finding, in_file, in_line
from videoserver.access import keys

ROOT = Path(__file__).resolve().parent.parent
SIGNS = string.ascii_letters + string.digits


def random(length: int) -> str:
    """Text as keys are made of, with digits and letters in it."""
    return "a1" + "".join(secrets.choice(SIGNS) for _ in range(length - 2))


SECRETS = {
    "a key to our API": lambda: f"curl -H 'X-API-Key: {keys.make().text}'",
    "a webhook secret": lambda: "whsec_" + random(32),
    "a Replicate token": lambda: "REPLICATE_API_TOKEN=r8_" + random(37),
    "an AWS key": lambda: "AKIA" + "ABCD1234" * 2,
    "a GitHub token": lambda: "ghp_" + random(36),
    "a Google key": lambda: "AIza" + random(35),
    "an OpenAI or Anthropic key": lambda: "sk-ant-" + random(40),
    "a Stripe key": lambda: "sk_live_" + random(24),
    "a Slack token": lambda: "xoxb-" + random(30),
    "a package registry's token": lambda: "pypi-" + random(60),
    "a signed web token": lambda: f"eyJ{random(20)}.eyJ{random(20)}.{random(30)}",
    "a private key": lambda: "-----BEGIN " + "RSA PRIVATE KEY-----",
    "a password in an address": lambda: "postgres://" + f"films:{'k9' + 'Tq' * 4}@db.example.org/films",
    "a secret that is assigned": lambda: f'SECRET_KEY = "{string.ascii_letters[3:20] + string.digits}"',
}


def test_every_kind_has_its_example() -> None:
    assert set(secret_scan.KINDS) < set(SECRETS)


@pytest.mark.parametrize("what", SECRETS)
def test_a_secret_is_found(what: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_text(f"first\n{SECRETS[what]()}\nlast\n")
    assert list(in_file(file, "notes.md")) == [Finding("notes.md", 2, what)]


@pytest.mark.parametrize(
    "line",
    [
        'SECRET_KEY = env.str("SECRET_KEY", default="")',
        "DATABASE_URL=postgres://videoserver:password@127.0.0.1:5432/videoserver",
        "curl -H 'X-API-Key: $KEY'",
        "`sk_<8 id>_<32 random base 62><6 check signs>`",
        "token = secrets.token_urlsafe(50)",
        'password="choose a better passphrase"',
        "api_key_authentication_classes = default_authentication_classes",
        "https://example.org:8443/path@2x.png",
    ],
)
def test_a_placeholder_is_none(line: str) -> None:
    assert list(in_line(line)) == []


def test_a_made_up_secret_says_so(tmp_path: Path) -> None:
    file = tmp_path / "test.py"
    file.write_text(f'TOKEN = "r8_{random(37)}"  # made up\n')
    assert list(in_file(file, "test.py")) == []


@pytest.mark.parametrize("name", [".env", "deploy/.env", "id_ed25519", "server.pem", "var/secret_key", "db.sqlite3"])
def test_a_private_file_is_found_by_its_name(name: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert [finding.what for finding in in_file(file, name)] == ["a private file"]


@pytest.mark.parametrize("name", [".env.example", "videoserver/access/keys.py", "requirements.txt"])
def test_other_files_are_not_private(name: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert list(in_file(file, name)) == []


def test_a_finding_does_not_repeat_the_secret() -> None:
    key = keys.make().text
    assert key not in "".join(in_line(key))


def test_this_repository_holds_no_secret() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    ran = subprocess.run([sys.executable, "-m", "tests.secret_scan"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 found in" in ran.stdout


def test_lint_runs_the_scan() -> None:
    lint = (ROOT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    assert "-m tests.secret_scan" in lint
