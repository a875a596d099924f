"""How long one frame takes in a process that is warm: `python -m tests.bench.warm_stills FILM.json FOLDER STILLS`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import django

from rendering.workflow import film, film_files
from rendering.workflow.document import Document
from tests.bench.material import SCENE_SECONDS


def main(document_path: Path, folder: Path, stills: int) -> None:
    """Seconds of each still, as a JSON list, on stdout. Two stills that are not measured warm every part up."""
    django.setup()
    document, files = film_files.from_file(document_path, folder)
    length = SCENE_SECONDS * len(document["scenes"]) * 0.85
    times = []
    for number in range(-2, stills):
        # Steps of the golden ratio meet all scenes and transitions.
        at = length * ((number + 2) * 0.618034 % 1)
        times.append(timed(document, files, at, folder / f"still-{number}.jpg"))
    sys.stdout.write(json.dumps(times[2:]) + "\n")


def timed(document: Document, files: dict[str, film.AssetFile], at: float, output: Path) -> float:
    """Seconds that one still takes."""
    began = time.perf_counter()
    film.still(document, files, at, output)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
