"""A user's own project: videoserver's settings, and an app."""

from videoserver.settings import *  # noqa: F403
from videoserver.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "gauges"]
