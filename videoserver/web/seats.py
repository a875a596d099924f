"""Who may hold a thread for long: waits and event streams have seats, few in all and fewer for each caller."""

import threading
from collections import Counter

from django.conf import settings

SHARE = 4
"""A caller has at most a quarter of the seats, and one at least: it takes four to fill them."""


class Seats:
    """Threads that waits and event streams may hold together: half of `WEB_THREADS`."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.share = max(1, count // SHARE)
        self._taken = 0
        self._by_caller: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, caller: str = "") -> bool:
        """Take one, if there is one and the caller has less than its share; whoever took it leaves it."""
        with self._lock:
            if self._taken >= self.count or (caller and self._by_caller[caller] >= self.share):
                return False
            self._taken += 1
            self._by_caller[caller] += 1
            return True

    def leave(self, caller: str = "") -> None:
        """Give it back."""
        with self._lock:
            self._taken -= 1
            self._by_caller[caller] -= 1
            if not self._by_caller[caller]:
                del self._by_caller[caller]


seats = Seats(max(1, settings.WEB_THREADS // 2))
