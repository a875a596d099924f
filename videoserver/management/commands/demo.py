"""`manage.py demo`: from a brief to a checked film, through the real queue and a real worker."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.core.files.storage import storages
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from rendering.models import Job, Storyboard
from rendering.states import JobState
from rendering.workflow import order, progress, review, write
from videoserver.management import before_work, processes

BRIEF = settings.BASE_DIR / "docs" / "brief.md"
PATIENCE = 900.0
"""Seconds that one job of the demo may take on a slow machine."""
BAR = 32


class Command(BaseCommand):
    help = "Write a storyboard from docs/brief.md, approve it as staff, render it with a worker, print the film's path."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--brief", type=Path, default=BRIEF, help="the text to film")
        parser.add_argument("--quality", default="1080p")

    def handle(self, *args: Any, brief: Path, quality: str, **options: Any) -> None:
        begun = time.monotonic()
        call_command("migrate", verbosity=0)
        before_work.check_agreement()
        text = brief.read_text()
        author, reviewer = person("demo-author", "author"), person("demo-reviewer", "reviewer", staff=True)
        log = settings.DATA_DIR / "demo-worker.log"
        with processes.running("worker", log) as worker:
            storyboard = write.create(author, {"title": title_of(text), "quality": quality, "scenes": []})
            generated = order.generate(storyboard, {"brief": text})
            self.follow(generated, "Writing, painting, composing", worker, log)
            storyboard.refresh_from_db()
            review.submit(storyboard, author, note="Written from the brief by the local provider.")
            job = review.approve_and_render(storyboard, reviewer, storyboard.revision, note="The demo's approval.")
            self.follow(job, "Rendering", worker, log)
        self.report(job, storyboard, time.monotonic() - begun)

    def follow(self, job: Job, what: str, worker: Any, log: Path) -> None:
        """Draw the job's progress until it ends well; raise with its sentence when it does not."""
        begun = time.monotonic()
        until = begun + PATIENCE
        while True:
            job.refresh_from_db()
            state = progress.of(job)
            self.draw(what, state, time.monotonic() - begun)
            if job.has_ended:
                break
            if worker.poll() is not None:
                raise CommandError(f"The worker ended with code {worker.returncode}; see {log}.")
            if time.monotonic() > until:
                raise CommandError(f"Job {job.pk} did not end in {PATIENCE:.0f} s; see {log}.")
            time.sleep(0.2)
        self.stdout.write("")
        if job.status != JobState.COMPLETED:
            raise CommandError(f"Job {job.pk} {job.status}: {job.error_detail} ({job.error_code}); see {log}.")

    def draw(self, what: str, state: dict[str, Any], seconds: float) -> None:
        full = round(state["fraction"] * BAR)
        bar = "█" * full + "░" * (BAR - full)
        done, total = state["scenes_completed"], state["scenes_total"]
        line = f"{what:<28} {bar} {state['fraction']:4.0%}  {done}/{total}  {seconds:5.1f} s"
        if sys.stdout.isatty():
            self.stdout.write(f"\r{line}", ending="")
            self.stdout.flush()
        elif state["fraction"] == 1:
            self.stdout.write(line, ending="")

    def report(self, job: Job, storyboard: Storyboard, seconds: float) -> None:
        result = job.results.select_related("asset").get()
        film = settings.DATA_DIR / "demo.mp4"
        with storages["media"].open(result.asset.key) as stored, film.open("wb") as file:
            shutil.copyfileobj(stored, file)
        names = sorted({scene.template for scene in storyboard.scenes.all()})
        self.stdout.write(self.style.SUCCESS(f"{storyboard.title}: the film is checked and stored."))
        self.stdout.write(f"  path      {film}")
        self.stdout.write(
            f"  length    {result.duration:.2f} s, {result.frames} frames, {result.width}×{result.height}"
        )
        self.stdout.write(f"  size      {result.asset.size:,} bytes, sha256 {result.asset.checksum}")
        self.stdout.write(f"  scenes    {storyboard.scenes.count()} ({', '.join(names)})")
        self.stdout.write(f"  cost      {job.actual_cost} {job.currency} (made locally)")
        self.stdout.write(f"  took      {seconds:.1f} s")


def person(name: str, group: str, staff: bool = False) -> User:
    """Somebody of a group who cannot log in."""
    user, new = get_user_model().objects.get_or_create(username=name, defaults={"is_staff": staff})
    if new:
        user.set_unusable_password()
        user.save()
        user.groups.add(Group.objects.get(name=group))
    return user


def title_of(text: str) -> str:
    """The brief's first line without its marks."""
    first = next((line for line in text.splitlines() if line.strip()), "Demo")
    return first.lstrip("# ").strip()[:200]
