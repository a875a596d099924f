"""The project's settings for the suite: fast hashes, files under a temporary folder, the apps that only tests have."""

import atexit
import os
import shutil
import tempfile

if "TESTS_DIR" not in os.environ:
    os.environ["TESTS_DIR"] = tempfile.mkdtemp(prefix="videoserver-tests-")
    atexit.register(shutil.rmtree, os.environ["TESTS_DIR"], ignore_errors=True)
# Each process of the suite has files of its own.
os.environ["DATA_DIR"] = os.path.join(os.environ["TESTS_DIR"], os.environ.get("PYTEST_XDIST_WORKER", "main"))  # noqa: PTH118

from videoserver.settings import *  # noqa: F403
from videoserver.settings import DATA_DIR, DATABASES, INSTALLED_APPS

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.work.errands"]
WHITENOISE_AUTOREFRESH = True  # or every new client would look through all static files
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in production: threads that share a database in memory lock each other out of it.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
