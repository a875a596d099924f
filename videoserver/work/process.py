"""Who a process is, whether it still lives, and how it dies with its parent. Knows no Django."""

import ctypes
import functools
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def me() -> str:
    """This process as `place:pid:start`; never the name of another one, even after its pid is used again."""
    return name_of(os.getpid())


def name_of(pid: int) -> str:
    """A process of this machine as `place:pid:start`."""
    return f"{place()}:{pid}:{start_time(pid)}"


@functools.cache
def place() -> str:
    """Host, boot and pid namespace: pids of two places say nothing about each other."""
    parts = [socket.gethostname().replace(":", "-")]
    boot, namespace = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    if boot.exists() and namespace.is_symlink():
        parts += [boot.read_text()[:8], str(namespace.readlink()).strip("pid:[]")]
    return ".".join(parts)


def start_time(pid: int) -> str:
    """When a process began, in the clock ticks of its machine; empty when it is dead, a zombie too."""
    try:
        if sys.platform == "linux":
            # The name in parentheses may hold anything, also spaces and parentheses.
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return "" if words[0] in "ZX" else words[19]
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else str(int(process.create_time() * 1000))
    except (OSError, psutil.NoSuchProcess):
        return ""


def alive(name: str) -> bool | None:
    """Whether the process that `me` named lives; None when that can't be seen from here."""
    where, _, rest = name.partition(":")
    if where != place():
        return None
    pid, _, started = rest.partition(":")
    return bool(started) and start_time(int(pid)) == started


def die_with_parent(parent: int) -> None:
    """Be killed when the parent dies, at once where the kernel can do it. Ends this process if the parent is gone."""
    _prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    # It may have died before the line above; then nobody would ever send the signal.
    if os.getppid() != parent:
        os._exit(1)


_nurseries: dict[int, ThreadPoolExecutor] = {}


def nursery() -> ThreadPoolExecutor:
    """The one thread of this process that starts children: their death signal comes when that thread ends."""
    if os.getpid() not in _nurseries:
        _nurseries[os.getpid()] = ThreadPoolExecutor(1, thread_name_prefix="nursery")
    return _nurseries[os.getpid()]


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent died, so that they can be found and ended."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
