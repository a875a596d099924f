"""How gunicorn writes: its lines go where all others go, in their form; and its processes have our titles."""

from __future__ import annotations

import logging.config
import os
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger as GunicornLogger

from videoserver.web import streams
from videoserver.work import title


class Logger(GunicornLogger):  # type: ignore[misc]
    """Named on gunicorn's command line as `--logger-class`; made once, in the process that forks the others."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for each in (self.error_log, self.access_log):
            each.handlers.clear()
            each.propagate = True
        logging.config.dictConfig(settings.LOGGING)
        if settings.LOG_FORMAT == "json":
            streams.take_over()
        if not title.role():
            title.take("web")
            os.register_at_fork(after_in_child=lambda: title.take("web worker"))
