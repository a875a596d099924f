"""The render child, `python -m rendering.engine`: requests in, files and JSON progress out."""

from collections.abc import Callable
from typing import Any

from media_assets.exceptions import full_disk_named
from rendering.engine import about, audio, check, compositor, cut, gif, join, poster, quality, size_limit, webm
from videoserver.work.sandbox import serve

Report = Callable[[dict[str, Any]], None]
Answer = Callable[[dict[str, Any], Report], dict[str, Any]]

DEEDS: dict[str, Answer] = {
    "about": about.about,
    "segment": compositor.segment,
    "still": compositor.still,
    "sound": audio.handle,
    "join": join.handle,
    "check": check.handle,
    "fit": size_limit.handle,
    "webm": webm.handle,
    "gif": gif.handle,
    "poster": poster.handle,
    "cut": cut.handle,
    "measure": quality.measure,
    "plan_look": quality.draw,
}
"""What the child can do: request["do"] → function(request, report) → result."""


def handle(request: dict[str, Any], report: Report) -> dict[str, Any]:
    with full_disk_named():
        return DEEDS[request["do"]](request, report)


if __name__ == "__main__":
    serve(handle)
