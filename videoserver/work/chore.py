"""What a supervisor does again and again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, close_old_connections, connections

logger = logging.getLogger(__name__)


@dataclass
class Chore:
    """Something to do again and again; a database that is away only delays it."""

    every: float
    deed: Callable[[], object]
    due: float = 0.0

    def tend(self) -> None:
        """Do it if it is time."""
        if (now := time.monotonic()) < self.due:
            return
        self.due = now + self.every
        try:
            close_old_connections()
            self.deed()
        except (DatabaseError, InterfaceError, OSError) as error:
            logger.warning("The supervisor will try again: %s", error)
            connections.close_all()
            self.due = now + max(self.every, 5.0)
