"""A job through the real queue, by workers that are held on a core each: how many seconds it took.

`python -m tests.bench.two_workers FILM.json WORKERS`: each is `manage.py worker` with one process for each queue; they
share one database and one cache, both in DATA_DIR, which should be new. Counted is from the order to the stored film.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 1200.0
TICK = 0.05


def main(document: Path, workers: int) -> None:
    """Import the assets, start the workers, order the film, wait for it."""
    django.setup()
    call_command("migrate", verbosity=0)
    storyboard, reviewer = board(document)
    cores = sorted(os.sched_getaffinity(0))
    if workers > len(cores):
        raise SystemExit(f"{workers} workers need {workers} cores, there are {len(cores)}.")
    with pinned(cores[:workers]):
        sys.stdout.write(f"{seconds(storyboard, reviewer):.3f}\n")


def board(path: Path) -> tuple[Any, Any]:
    """The document as a stored storyboard that waits for its approval, and somebody who may give it."""
    from media_assets import ingest
    from rendering.workflow import review, write
    from videoserver.management.commands.demo import person

    author, reviewer = person("author", "author"), person("reviewer", "reviewer", staff=True)
    document = json.loads(path.read_text())
    stored: dict[str, str] = {}

    def kept(name: str) -> str:
        if name not in stored:
            asset = ingest.record(ingest.put(path.parent / name, author), author, name)
            stored[name] = str(asset.pk)
        return stored[name]

    document["soundtrack"]["asset"] = kept(document["soundtrack"]["asset"])
    for scene in document["scenes"]:
        scene["params"]["image"] = kept(scene["params"]["image"])
    storyboard = write.create(author, document)
    review.submit(storyboard, author)
    return storyboard, reviewer


@contextmanager
def pinned(cores: list[int]) -> Iterator[None]:
    """A worker on each of the cores, ready for work."""
    from videoserver.work.models import Worker

    log = Path(os.environ["DATA_DIR"]) / "workers.log"
    with log.open("ab") as output:
        command = [sys.executable, "manage.py", "worker"]
        # What a worker starts inherits its core.
        running = [
            subprocess.Popen(["taskset", "-c", str(core), *command], cwd=ROOT, stdout=output, stderr=output, env=one())
            for core in cores
        ]
    try:
        until = time.monotonic() + PATIENCE
        while Worker.objects.filter(canary_at__isnull=False).count() < len(cores) * len(settings.WORKER_QUEUES):
            if time.monotonic() > until or any(each.poll() is not None for each in running):
                raise SystemExit(f"The workers did not start:\n{log.read_text()[-2000:]}")
            time.sleep(TICK)
        yield
    finally:
        for each in running:
            each.terminate()
        for each in running:
            each.wait(60)


def one() -> dict[str, str]:
    return os.environ | {"WORKERS": "1"}


def seconds(storyboard: Any, reviewer: Any) -> float:
    """How long it takes from the order to the stored film."""
    from rendering.states import JobState
    from rendering.workflow import review

    began = time.monotonic()
    job = review.approve_and_render(storyboard, reviewer, storyboard.revision)
    while not job.has_ended:
        if time.monotonic() - began > PATIENCE:
            raise SystemExit(f"Job {job.pk} did not end.")
        time.sleep(TICK)
        job.refresh_from_db()
    if job.status != JobState.COMPLETED:
        raise SystemExit(f"Job {job.pk} {job.status}: {job.error_detail}")
    return time.monotonic() - began


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
