"""The WSGI application that the web server loads."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

APP_LOAD_ERROR = 4
"""gunicorn's own code for an application that cannot be loaded: it ends instead of trying again for ever."""

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videoserver.settings")
try:
    application = get_wsgi_application()
except ImproperlyConfigured as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(APP_LOAD_ERROR)
