"""Servers of the suite that can be killed and started again with their data: PostgreSQL and Redis, on loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import psutil
import redis

PATIENCE = 30.0


class Missing(Exception):
    """A program that this machine lacks."""


class Server:
    """One server process with a folder and a port of its own."""

    def __init__(self, name: str) -> None:
        self.port = free_port()
        # Not in the tests' own folder: another user must reach it.
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir="/tmp"))
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """What runs the server in the foreground."""
        raise NotImplementedError

    def start(self) -> Self:
        """Start it, with the data of the last time; returns when it listens."""
        self.process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        patiently(self.ready, type(self).__name__)
        return self

    def ready(self) -> bool:
        """Whether it answers."""
        return listens(self.port)

    def ensure(self) -> None:
        """Start it if it was stopped."""
        if self.process is None:
            self.start()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Send it a signal and wait for its end."""
        if self.process:
            self.process.send_signal(number)
            self.process.wait(PATIENCE)
            self.process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Connections are accepted by the kernel, and nobody answers."""
        assert self.process
        family = [self.process.pid, *(child.pid for child in psutil.Process(self.process.pid).children(recursive=True))]
        try:
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def close(self) -> None:
        """Stop it for good."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Server):
    """`databases` are made by `create`; `stop(SIGQUIT)` is an immediate stop, as after a power cut."""

    def __init__(self) -> None:
        super().__init__("pg")
        initdb = newest("initdb")
        self.binaries = initdb.resolve().parent
        # PostgreSQL refuses to run as root: then it is run as its own user, who gets the folder.
        self.user: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        made = [*self.user, str(initdb), "-D", f"{self.folder}/data", "-A", "trust", "-U", "videoserver"]
        subprocess.run(made, check=True, capture_output=True)

    def command(self) -> list[str]:
        place = ["-D", f"{self.folder}/data", "-p", str(self.port), "-k", str(self.folder), "-h", "127.0.0.1", "-F"]
        return [*self.user, str(self.binaries / "postgres"), *place]

    def ready(self) -> bool:
        """It listens a while before it answers: after a crash it reads its log first."""
        ask = [str(self.binaries / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ask, capture_output=True).returncode == 0

    def create(self, name: str) -> str:
        """Make a database; its URL."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "videoserver", name]
        create = [str(self.binaries / "createdb"), *where]
        patiently(lambda: subprocess.run(create, capture_output=True).returncode == 0, f"the database {name}")
        return self.url(name)

    def url(self, name: str) -> str:
        """Of one of its databases."""
        return f"postgres://videoserver@127.0.0.1:{self.port}/{name}"


class Redis(Server):
    """Keeps what it holds in an append-only file. Asks for a password if it is given one."""

    def __init__(self, password: str = "") -> None:
        super().__init__("redis")
        self.own_password = self.password = password
        self.binary = shutil.which("redis-server")
        if self.binary is None:
            raise Missing("Redis")

    def command(self) -> list[str]:
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        secret = ["--requirepass", self.own_password] if self.own_password else []
        return [str(self.binary), *place, "--save", "", "--appendonly", "yes", *secret]

    def start(self) -> Self:
        """With its own password: one that was set is not kept."""
        self.password = self.own_password
        return super().start()

    def ensure(self) -> None:
        """Answering, and with its own password, whatever a test did to it."""
        if self.process:
            self.resume()
            if self.password != self.own_password:
                self.set_password(self.own_password)
            self.configure("maxmemory", "0")
        super().ensure()

    def pause(self) -> None:
        """It accepts connections, and answers nobody."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """After a pause."""
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def set_password(self, password: str) -> None:
        """Ask everybody for this one from now on; empty for none. Whoever is connected is thrown out."""
        self.configure("requirepass", password)
        with redis.Redis(port=self.port, password=password or None) as operator:
            operator.client_kill_filter(_type="normal", skipme=True)
        self.password = password

    def configure(self, name: str, value: str) -> None:
        """Change one of its settings until it ends."""
        with self.connected() as operator:
            operator.config_set(name, value)

    def flush(self) -> None:
        """Forget all that it holds."""
        with self.connected() as operator:
            operator.flushall()

    def connected(self) -> redis.Redis:
        """As its operator, who knows the password."""
        return redis.Redis(port=self.port, password=self.password or None)

    @property
    def url(self) -> str:
        """Of its first database, with the password that it has now."""
        return f"redis://{f':{self.password}@' if self.password else ''}127.0.0.1:{self.port}/0"


def newest(program: str) -> Path:
    """The newest PostgreSQL's program."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    on_path = shutil.which(program)
    if not found and not on_path:
        raise Missing("PostgreSQL")
    return found[-1] if found else Path(str(on_path))


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody does."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def patiently(happened: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Look every 50 ms until it has happened. Raises TimeoutError."""
    until = time.monotonic() + patience
    while not happened():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not come within {patience:.0f} s")
        time.sleep(0.05)
