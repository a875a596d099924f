"""The project's settings for the suite: fast hashes, files under a temporary folder, and the apps that only tests have."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="videoserver-tests-"))

from videoserver.settings import *  # noqa: F403
from videoserver.settings import INSTALLED_APPS, STATIC_ROOT

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.work.errands"]
API_RATE = ""
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns when there is none
