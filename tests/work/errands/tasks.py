"""What a worker does with an errand: as its orders say."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.work.errands.models import Errand
from videoserver.work import workspace
from videoserver.work.row import Stopping
from videoserver.work.warm import warm


def run(errand_id: str) -> bool:
    """Claim it and do it; whether it was to be had."""
    errand = Errand.objects.claim(errand_id)
    if errand is None:
        return False
    if log := errand.orders.get("log"):
        with Path(log).open("a") as file:
            file.write(f"{os.getpid()} {errand.attempt}\n")
    try:
        work(errand)
    except Stopping:
        errand.release()
    else:
        errand.finish(result=f"attempt {errand.attempt}")
    return True


def work(errand: Errand) -> None:
    """The orders, which may change from attempt to attempt."""
    orders = errand.orders.get(str(errand.attempt), errand.orders)
    match orders.get("do"):
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "wait":
            while not Path(orders["until"]).exists():
                time.sleep(0.05)
                errand.renew({"waiting": True})
        case "child":
            with workspace.open("errand", errand) as folder:
                order = {"do": "sleep", "pids": orders["pids"]}
                warm("tests.work.toy").request(order, folder=folder, on_event=lambda _event: errand.renew())
