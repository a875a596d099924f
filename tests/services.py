"""Real servers for the suite, on loopback: PostgreSQL, Redis, Chromium. Each is started once and ends with the run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar

import pytest

from tests.servers import PATIENCE, Missing, Postgres, Redis, Server, free_port, patiently

__all__ = ["free_port", "lacking", "wait_until"]

S = TypeVar("S", bound=Server)


def lacking(part: str) -> NoReturn:
    """Skip what needs a part that this machine lacks; fail instead when everything is required."""
    reason = f"{part} is not installed on this machine"
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of our own. Who stops it starts it again."""
    server = have(Postgres)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> str:
    """The URL of its database."""
    return postgres.create("videoserver")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis server of our own. Who stops it starts it again."""
    server = have(Redis)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="session")
def redis_url(redis_server: Redis) -> str:
    """Its URL."""
    return redis_server.url


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


def have(kind: type[S]) -> S:
    """A server that is not started yet, if this machine has the program."""
    try:
        return kind()
    except Missing as error:
        lacking(str(error))


def wait_until(happened: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Look every 50 ms until it has happened; fail when patience ends."""
    try:
        patiently(happened, what, patience)
    except TimeoutError as error:
        pytest.fail(str(error))
