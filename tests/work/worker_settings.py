"""Settings of the worker processes that tests start: only what durable work needs, so that they start at once."""

import os
import select
import time

from tests.settings import *  # noqa: F403

if "libfaketime" in os.environ.get("LD_PRELOAD", ""):
    # It refuses the system call that Python sleeps with (clock_nanosleep of the monotonic clock: EINVAL).
    time.sleep = lambda seconds: select.select([], [], [], seconds)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_q",
    "videoserver",
    "videoserver.work",
    "tests.work.errands",
]
LOGGING = {
    "version": 1,
    "formatters": {"line": {"format": "%(asctime)s %(process)d %(name)s %(levelname)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
ROOT_URLCONF = "tests.work.worker_settings"
urlpatterns: list[object] = []

MIDDLEWARE: list[str] = []
WORK_CHORES = ()
WORK_CONDITIONS = ()
WORKER_ABOUT = "builtins.dict"
