"""A child process for the tests of the sandbox: does as it is told."""

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from videoserver.work.child import Report, serve


class Refused(Exception):
    """An error that knows its code."""

    code = "refused"
    permanent = True


def handle(request: dict[str, Any], report: Report) -> dict[str, Any]:
    """One order."""
    match request["do"]:
        case "echo":
            os.write(1, b"a library prints to stdout\n")
            report({"done": 1})
            return {"said": request["say"], "pid": os.getpid()}
        case "environment":
            return dict(os.environ)
        case "connect":
            with socket.socket() as line:
                return {"errno": line.connect_ex(("127.0.0.1", request["port"]))}
        case "refuse":
            raise Refused("I would rather not.")
        case "crash":
            raise ValueError("odd")
        case "die":
            os.write(2, b"my last words")
            os._exit(3)
        case "eat":
            return {"eaten": len(bytearray(request["bytes"]))}
        case "write":
            Path(request["to"]).write_bytes(b"x" * request["bytes"])
        case "spin":
            while True:
                pass
        case "sleep":
            # A grandchild that nobody waits for must go as well.
            grandchild = subprocess.Popen(["sleep", "600"])
            Path(request["pids"]).write_text(f"{os.getpid()} {grandchild.pid}")
            while True:
                time.sleep(0.2)
                if request.get("report"):
                    report({"done": 1})
    return {}


if __name__ == "__main__":
    serve(handle)
