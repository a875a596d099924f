"""No key, token, password or private key in the repository: `python -m tests.secret_scan` looks through its files."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MADE_UP = "made up"
"""A line that ends with this comment holds a secret that opens nothing: `# made up`."""

KINDS: dict[str, re.Pattern[str]] = {
    "a key to our API": re.compile(r"\bsk_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}\b"),
    "a webhook secret": re.compile(r"\bwhsec_[0-9A-Za-z+/]{24,}"),
    "a Replicate token": re.compile(r"\br8_[0-9A-Za-z]{30,}\b"),
    "an AWS key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{50,})"),
    "a Google key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "an OpenAI or Anthropic key": re.compile(r"\bsk-(?:proj-|ant-)?[0-9A-Za-z_-]{32,}"),
    "a Stripe key": re.compile(r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{20,}"),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{20,}"),
    "a package registry's token": re.compile(r"\b(?:pypi-[0-9A-Za-z_-]{50,}|npm_[0-9A-Za-z]{36})"),
    "a signed web token": re.compile(r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{20,}"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
}
PASSWORD_IN_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s:/@'\"<>]+:([^\s:/@'\"<>]{3,})@")
"""scheme://user:password@host; whatever is spelled like a variable or a word for one is none."""
ASSIGNED = re.compile(
    r"(?i)(?:secret|token|passwd|password|api_?key|private_?key)[a-z0-9_]*[\"']?\s*[:=]\s*[\"']?([0-9A-Za-z+/_=-]{20,})"
)
PLACEHOLDER = re.compile(r"(?i)[${}…*]|pass|secret|word|example|user|x{3,}|\.\.\.|hunter2")
LEAST_ENTROPY = 3.7
"""Bits for each sign: above it is random text, below it a name or a sentence."""
PRIVATE_FILES = re.compile(
    r"(?:^|/)(?:\.env|\.netrc|\.pypirc|id_[a-z0-9]+|secret_key|[^/]+\.(?:pem|p12|pfx|key|sqlite3))$"
)
LOCKS = re.compile(r"(?:^|/)requirements[^/]*\.txt$")
"""Lists of hashes; they are looked through for known kinds only."""


class Finding(NamedTuple):
    """Something that may be a secret; it is never printed."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: this looks like {self.what}"


def main() -> int:
    """Look through every file of the repository; the exit code."""
    paths = files(ROOT)
    found = [finding for path in paths for finding in in_file(ROOT / path, path)]
    for finding in found:
        print(finding)  # noqa: T201 - a command's answer
    print(f"Secrets: {len(found)} found in {len(paths)} files.")  # noqa: T201
    return 1 if found else 0


def files(root: Path) -> list[str]:
    """Every file that is in the repository, or would be with the next `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout.decode()
    return sorted({path for path in listed.split("\0") if path and (root / path).is_file()})


def in_file(file: Path, path: str) -> Iterator[Finding]:
    """What one file holds."""
    if PRIVATE_FILES.search(path):
        yield Finding(path, 0, "a private file")
    content = file.read_bytes()
    if b"\0" in content:
        return
    for number, line in enumerate(content.decode(errors="replace").splitlines(), start=1):
        if not line.rstrip().endswith(f"# {MADE_UP}"):
            yield from (Finding(path, number, what) for what in in_line(line, known_only=bool(LOCKS.search(path))))


def in_line(line: str, *, known_only: bool = False) -> Iterator[str]:
    """What one line holds, in words."""
    named = [what for what, pattern in KINDS.items() if pattern.search(line)]
    yield from named
    if named or known_only:
        return
    for password in PASSWORD_IN_URL.findall(line):
        if not PLACEHOLDER.search(password):
            yield "a password in an address"
    for value in ASSIGNED.findall(line):
        if re.search("[0-9]", value) and re.search("[A-Za-z]", value) and entropy(value) >= LEAST_ENTROPY:
            yield "a secret that is assigned"


def entropy(text: str) -> float:
    """Shannon's, in bits for each sign."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


if __name__ == "__main__":
    sys.exit(main())
