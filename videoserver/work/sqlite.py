"""SQLite connections that a process can close before it forks, also those that nobody holds any more. Knows no Django.

SQLite must not be carried over a fork: the child would believe that it holds the parent's locks, and work on a log
that other processes have replaced (sqlite.org/howtocorrupt.html, section 2.6). Django drops a connection whose first
statements fail (a full disk, say) without closing it, and a reference cycle keeps it open until the next collection.
"""

import sqlite3
import weakref
from typing import Any

_open: "weakref.WeakSet[Connection]" = weakref.WeakSet()


class Connection(sqlite3.Connection):
    """A connection that `close_all` finds."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _open.add(self)


def close_all() -> None:
    """Close every connection of this process."""
    for connection in list(_open):
        connection.close()
        _open.discard(connection)
