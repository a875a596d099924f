"""Django's command line for videoserver."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videoserver.settings")
    if sys.argv[1:2] == ["render_storyboard"]:
        from rendering.workflow import crew

        crew.start_early()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
