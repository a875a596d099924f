"""Django's command line for videoserver."""

import os
import sys
from collections.abc import Sequence

SETTINGS = "videoserver.settings"


def main(words: Sequence[str]) -> None:
    """Run a command. What an operator can mend ends it with a sentence, not with a traceback."""
    try:
        run(words)
    except Exception as error:
        from videoserver import start

        sentence = None if "--traceback" in words else start.sentence(error)
        if sentence is None:
            raise
        sys.exit(sentence)


def run(words: Sequence[str]) -> None:
    """Run a command; one that renders a file begins at once, without the web's and the database's half of the house."""
    ours = os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS) == SETTINGS
    if words[1:2] == ["render_storyboard"]:
        from rendering.workflow import crew

        crew.start_early()
        # A stored storyboard needs rows, and the apps of another project's settings may bring templates.
        if ours and not any(word.startswith("--s") for word in words):
            from rendering.management.commands.render_storyboard import Command

            Command().run_from_argv(list(words))
            return
    from django.conf import settings
    from django.core.management import execute_from_command_line

    if ours:
        _ = settings.DATA_DIR  # a bad setting is told first, whatever the command
    execute_from_command_line(list(words))


if __name__ == "__main__":
    main(sys.argv)
