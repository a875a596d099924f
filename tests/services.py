"""Real servers for the suite, on loopback: PostgreSQL, Redis, Chromium. Each is started once and ends with the run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

PATIENCE = 30.0


def lacking(part: str) -> NoReturn:
    """Skip what needs a part that this machine lacks; fail instead when everything is required."""
    reason = f"{part} is not installed on this machine"
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of our own; the URL of its database."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = str(binaries[-1]) if binaries else shutil.which("initdb")
    if initdb is None:
        lacking("PostgreSQL")
    bin_dir, port = Path(initdb).resolve().parent, free_port()
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:  # its user must reach it
        run = as_postgres_user(Path(folder))
        subprocess.run(
            [*run, initdb, "-D", f"{folder}/data", "-A", "trust", "-U", "videoserver"], check=True, capture_output=True
        )
        server = subprocess.Popen(
            [
                *run,
                str(bin_dir / "postgres"),
                "-D",
                f"{folder}/data",
                "-p",
                str(port),
                "-k",
                folder,
                "-h",
                "127.0.0.1",
                "-F",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: listens(port), "PostgreSQL")
            createdb = [
                str(bin_dir / "createdb"),
                "-h",
                "127.0.0.1",
                "-p",
                str(port),
                "-U",
                "videoserver",
                "videoserver",
            ]
            wait_until(lambda: subprocess.run(createdb, capture_output=True).returncode == 0, "the database")
            yield f"postgres://videoserver@127.0.0.1:{port}/videoserver"
        finally:
            server.terminate()
            server.wait(PATIENCE)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis server of our own."""
    binary = shutil.which("redis-server")
    if binary is None:
        lacking("Redis")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = subprocess.Popen(
            [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes"],
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: listens(port), "Redis")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(PATIENCE)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright."""
    binary = shutil.which("chromium") or shutil.which("chromium-browser")
    if binary is None:
        lacking("Chromium")
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread, and Django would take that for an async view.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=quiet)
        yield browser
        browser.close()


def as_postgres_user(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: then it is run as its own user, who gets the folder."""
    if os.geteuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(happened: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Look every 50 ms until it has happened; fail when patience ends."""
    until = time.monotonic() + patience
    while not happened():
        if time.monotonic() > until:
            pytest.fail(f"{what} did not come within {patience:.0f} s")
        time.sleep(0.05)
