"""A child talks to nobody: neither to the internet nor to what listens on its own machine."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from videoserver.work.sandbox import ROOT, Child

PERMITTED = (
    subprocess.run(
        [sys.executable, "-c", "from videoserver.work.isolation import leave_network; exit(not leave_network())"],
        cwd=ROOT,
    ).returncode
    == 0
)
permitted = pytest.mark.skipif(not PERMITTED, reason="this system lets nobody leave the network")


@permitted
def test_a_child_reaches_no_listener_of_its_own_machine(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        child = Child("tests.work.toy")
        try:
            answer = child.request({"do": "connect", "port": port}, folder=tmp_path)
        finally:
            child.close()
        assert errno.errorcode[answer["errno"]] in ("ENETUNREACH", "EADDRNOTAVAIL")
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass  # the parent still does


@permitted
def test_its_files_still_belong_to_its_user(tmp_path: Path) -> None:
    child = Child("tests.work.toy")
    try:
        child.request({"do": "write", "to": str(tmp_path / "file"), "bytes": 3}, folder=tmp_path)
    finally:
        child.close()
    assert (tmp_path / "file").stat().st_uid == os.geteuid()
