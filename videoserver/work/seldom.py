"""Log lines about a state that lasts: one a minute for each process, with how often it was so meanwhile."""

import logging
import threading
import time

EVERY = 60.0

_lock = threading.Lock()
_told: dict[str, float] = {}
_untold: dict[str, int] = {}


def warn(logger: logging.Logger, topic: str, message: str, *args: object) -> None:
    """Log a warning, unless one about the topic was logged within the last minute."""
    with _lock:
        now = time.monotonic()
        if now - _told.get(topic, -EVERY) < EVERY:
            _untold[topic] = _untold.get(topic, 0) + 1
            return
        _told[topic] = now
        untold = _untold.pop(topic, 0)
    if untold:
        logger.warning(message + " (%s more times since the last such line)", *args, untold)
    else:
        logger.warning(message, *args)
