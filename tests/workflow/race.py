"""Two deeds at the same moment, each in a thread and on a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections

PATIENCE = 30


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Begin them together; what each of them returned. What one of them raised is raised."""
    start = threading.Barrier(len(deeds), timeout=PATIENCE)

    def begin(deed: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return deed()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return [doing.result() for doing in [threads.submit(begin, deed) for deed in deeds]]
