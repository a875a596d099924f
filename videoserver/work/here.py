"""Where this process works: whose files it sees, and which queue it serves."""

import os
import secrets
from pathlib import Path

from django.conf import settings

from videoserver.work import process

_queue = ""


def serve(queue: str) -> None:
    """From now on this process, and all that it forks, works for the queue."""
    global _queue
    _queue = queue


def queue() -> str:
    """The queue that this process serves; empty in a web server or a command."""
    return _queue


def disk() -> str:
    """The name of this DATA_DIR. Machines that say the same share it: what one writes there, the others can read."""
    kept = Path(settings.DATA_DIR) / "disk_name"
    if not kept.exists():
        draft = kept.with_name(f".{kept.name}.{secrets.token_hex(4)}")
        draft.write_text(secrets.token_hex(8))
        try:
            os.link(draft, kept)
        except FileExistsError:
            pass  # another process was first, and its name counts
        finally:
            draft.unlink()
    # A folder that was copied, to a second machine or out of a backup, is not the one that it was copied from.
    return f"{kept.read_text()}.{kept.stat().st_ino}"


def worker() -> str:
    """How this process is called where people read it."""
    return settings.WORKER_NAME or ":".join(process.me().split(":")[:2])
