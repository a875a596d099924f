"""What a worker does with an errand: as its orders say."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from tests.work.errands.models import Errand
from videoserver.work import workspace
from videoserver.work.row import LeaseLost, Stopping
from videoserver.work.sandbox import ChildFailed, Limits
from videoserver.work.warm import warm


def run(errand_id: str) -> Any:
    """Claim it and do it; whether it was to be had."""
    errand = Errand.objects.claim(errand_id)
    if errand is None:
        return False
    if log := errand.orders.get("log"):
        with Path(log).open("a") as file:
            file.write(f"{os.getpid()} {errand.attempt}\n")
    try:
        said = work(errand)
        errand.finish(result=f"attempt {errand.attempt}")
    except LeaseLost:
        raise
    except Stopping:
        errand.release()
    except (ValueError, MemoryError, ChildFailed) as error:
        errand.retry("went_wrong", repr(error))
    else:
        return said or True
    return True


def work(errand: Errand) -> Any:
    """The orders, which may change from attempt to attempt."""
    orders = errand.orders.get(str(errand.attempt), errand.orders)
    match orders.get("do"):
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "err":
            raise ValueError("odd")
        case "leave":
            raise SystemExit
        case "exit":
            sys.exit("I have had enough.")
        case "run out of memory":
            raise MemoryError
        case "return a lambda":
            return lambda: errand
        case "wait":
            while not Path(orders["until"]).exists():
                time.sleep(0.05)
                errand.renew({"waiting": True})
        case "child":
            with workspace.open("errand", errand) as folder:
                order = {"do": "sleep", "pids": orders["pids"]}
                warm("tests.work.toy").request(order, folder=folder, on_event=lambda _event: tend(errand, orders))
        case "eat":
            with workspace.open("errand", errand) as folder:
                small = Limits(memory_bytes=256 * 1024**2)
                warm("tests.work.toy", small).request({"do": "eat", "bytes": 10**9}, folder=folder)
    return None


def tend(errand: Errand, orders: dict[str, Any]) -> None:
    """What a worker does while its child works; one that `freezes` is stopped in the middle of it."""
    if orders.get("freezes") and Path(orders["pids"]).exists():
        os.kill(os.getpid(), signal.SIGSTOP)
    errand.renew()
