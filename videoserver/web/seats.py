"""Who may hold a thread for long: those who do have seats, few in all and fewer for each caller."""

import threading
from collections import Counter

from django.conf import settings

SHARE = 4
"""A caller has at most a quarter of the seats, and one at least: it takes four to fill them."""


class Seats:
    """Threads that may be held together for one purpose, and each caller's share of them."""

    def __init__(self, count: int, share: int = 0) -> None:
        self.count = count
        self.share = share or max(1, count // SHARE)
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
"""Of waits and event streams: half of `WEB_THREADS`."""
