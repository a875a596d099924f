"""The WSGI application that our web server serves."""

import os
import sys
from typing import Protocol, cast

from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections


class Releasing(Protocol):
    """What the server calls when a thread only waits for its client, or ends."""

    def release(self) -> None: ...


def release() -> None:
    """Close this thread's database connections: hundreds of slow clients need none."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
            del connections[connection.alias]  # the object too: there may be hundreds


APP_LOAD_ERROR = 4
"""gunicorn's own code for an application that cannot be loaded: it ends instead of trying again for ever."""

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videoserver.settings")
try:
    application: WSGIHandler = get_wsgi_application()
except ImproperlyConfigured as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(APP_LOAD_ERROR)
cast(Releasing, application).release = release  # type: ignore[method-assign]
