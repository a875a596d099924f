"""The end of a film's job: join, look at it closely, make its variants, store all, and one commit that owns them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from media_assets import ingest
from media_assets.models import MediaAsset
from media_assets.stored import StoredFile, forgotten_on_error
from rendering.engine import cues, finish, launch
from rendering.engine.launch import SoundFile
from rendering.exceptions import StoredDifferently
from rendering.models import Job, JobResult
from rendering.states import JobKind, Stage
from rendering.workflow import gate, look, money, outputs, sound_cache
from rendering.workflow.outputs import PlannedFilm
from rendering.workflow.progress import Conversions
from rendering.workflow.segment_run import cache, fetch, seconds_allowed
from videoserver.work import workspace
from videoserver.work.faults import faultpoint

logger = structlog.get_logger(__name__)

SLOWNESS = {"webm": 60, "gif": 10, "fit": 60}
"""Seconds that a second of the film may take at most."""
GIF = {"type": "image", "content_type": "image/gif", "suffix": ".gif"}


@dataclass(frozen=True)
class Made:
    """A file that is ready to be stored, as its check found it."""

    film: PlannedFilm
    format: str
    path: Path
    report: dict[str, Any]


def complete(job: Job, films: list[PlannedFilm], files: dict[str, MediaAsset]) -> None:
    """Sound, join, check, convert, store, and one commit in which the job is completed and owns its files."""
    logger.info(f"Job {job.pk}: Video rendered successfully")
    job.start_clock()
    job.keep(progress={})  # of an attempt before
    job.enter(Stage.COMBINING, "Finalizing...")
    with workspace.open(called(job), job) as folder:
        work = Finishing(job, films, files, folder)
        sound = work.sound()
        joined = [work.join(film, sound) for film in films]
        faultpoint("job.joined")
        work.look(joined, sound)
        made = [each for film in joined for each in work.formats(film)]
        poster = folder / outputs.POSTER
        finish.poster(joined[0].path, films[0].timeline, poster, on_event=work.alive)
        faultpoint("job.made")
        store(job, made, poster)
    logger.info(f"Job {job.pk}: Video rendering task completed successfully")
    if trimmed := cache().trim(settings.SEGMENT_CACHE_BYTES):
        logger.info(f"Removed {trimmed} segments that were not used for longest from the cache")


def called(job: Job) -> str:
    """What its workspace is named after: leftovers tell what made them."""
    scenes = job.document.get("scenes") or [{}]
    return str(scenes[0].get("template") or job.kind) if job.kind == JobKind.TEMPLATE else "job"


class Finishing:
    """What the steps after the last segment share."""

    def __init__(self, job: Job, films: list[PlannedFilm], files: dict[str, MediaAsset], folder: Path) -> None:
        self.job, self.films, self.files, self.folder = job, films, files, folder
        self.most = outputs.most_bytes(job.options)
        self.conversions = Conversions(len(films) * len(outputs.conversions(job.options)))
        heard = {sound.asset for sound in films[0].timeline.audio}
        self.sounds = fetch(job, heard, files, folder, self.alive)

    def alive(self, event: dict[str, Any]) -> None:
        faultpoint("job.joining")
        self.job.renew()

    def converting(self, event: dict[str, Any]) -> None:
        self.job.renew(self.conversions.heard(event))

    def sound(self) -> SoundFile:
        """Mixed once: all variants sound the same."""
        output = self.folder / "sound.m4a"
        return sound_cache.sound(self.films[0].timeline, self.sounds, output, cache(), on_event=self.alive)

    def join(self, film: PlannedFilm, sound: SoundFile) -> Made:
        """One variant's film, whole and checked."""
        path = self.folder / f"{film.number}-joined.mp4"
        rendered = [(spec, cache().require(spec.key)) for spec in film.specs]
        for sentence in dict.fromkeys(told for spec, file in rendered for told in file.told(spec)):
            Job.warn(self.job.pk, sentence)
        segments = [(spec, file.path) for spec, file in rendered]
        launch.join(film.timeline, segments, sound.path, path, on_event=self.alive)
        if film.number == 0:
            self.job.enter(Stage.CHECKING, "Finalizing...")
        return Made(film, "mp4", path, launch.check(path, film.timeline, on_event=self.alive))

    def look(self, joined: list[Made], sound: SoundFile) -> None:
        """The quality gate. Raises QualityCheckFailed."""
        lengths = {name: asset.file_metadata.get("duration") or 0.0 for name, asset in self.files.items()}
        found = [
            finding
            for made in joined
            for finding in look.look(
                made.film.timeline,
                made.film.specs,
                made.path,
                sound if made.film.number == 0 else None,  # which all variants share
                self.sounds,
                lengths,
                lambda wanted: fetch(self.job, wanted, self.files, self.folder, self.alive),
                moviepy_layers=settings.MOVIEPY_LAYERS,
                on_event=self.alive,
            )
        ]
        gate.judge(self.job, found, sound)

    def formats(self, joined: Made) -> list[Made]:
        """The film in each format that was asked for, none of them larger than allowed."""
        film = joined.film
        made = [self.fitted(joined)]
        for format in outputs.formats(self.job.options)[1:]:
            name = film.name(format)
            self.job.enter(Stage.COMBINING, f"Making {name}...")
            path = self.folder / name
            self.conversions.begin()
            report = finish.convert(format, joined.path, film.timeline, self.most, path, **self.patience(film, format))
            made.append(Made(film, format, path, report))
        return made

    def fitted(self, joined: Made) -> Made:
        """The film itself, or one of as many bytes as are allowed."""
        if not self.most:
            return joined
        self.conversions.begin()
        if joined.report["size"] <= self.most:
            return joined
        film = joined.film
        self.job.enter(Stage.COMBINING, f"Fitting {film.name('mp4')} into {self.most / outputs.MEGABYTE:g} MB...")
        cuts = [spec.first for spec in film.specs]
        path = finish.fit(
            joined.path,
            film.timeline,
            self.most,
            cuts,
            settings.X264_PRESET,
            self.folder / f"{film.number}-fitted.mp4",
            **self.patience(film, "fit"),
        )
        return Made(film, "mp4", path, launch.check(path, film.timeline, on_event=self.alive))

    def patience(self, film: PlannedFilm, work: str) -> dict[str, Any]:
        deadline = seconds_for(film, work)
        return {"on_event": self.converting, "stall": settings.RENDER_TIMEOUT, "deadline": deadline}


def store(job: Job, made: list[Made], poster: Path) -> None:
    """Put every file into the storage, then name them all in one commit; nothing is left when it fails."""
    job.enter(Stage.SAVING, "Downloading video...")
    with ExitStack() as stack:
        kept: list[tuple[Made, StoredFile]] = []
        for each in made:
            stored = put(job, each)
            stack.enter_context(forgotten_on_error(stored))
            kept.append((each, stored))
        picture = ingest.put(poster, job.owner, "image", on_event=lambda _: job.renew())
        stack.enter_context(forgotten_on_error(picture))
        faultpoint("job.stored")
        with transaction.atomic():
            for each, stored in kept:
                logger.info(f"Job {job.pk}: Downloading video from {stored.key}")
                require_same(stored, each.report)
                logger.info(f"Job {job.pk}: Video downloaded successfully ({stored.size} bytes)")
            job.enter(Stage.SAVING, "Finalizing...")
            for each, stored in kept:
                record(job, each, stored)
            title = job.document["title"]
            job.finish(
                actual_cost=money.settle(job),
                stage="",
                message="Video rendering complete!",
                poster=ingest.record(picture, job.owner, name=f"{title}.jpg", metadata=job.metadata),
                captions=beside(job, made[0].film),
            )


def put(job: Job, made: Made) -> StoredFile:
    """A film is looked into again by the library; a preview is of a kind that only we make."""
    if made.format != "gif":
        return ingest.put(made.path, job.owner, "video", on_event=lambda _: job.renew())
    facts = {name: made.report[name] for name in ("width", "height", "duration")}
    return ingest.keep(made.path, job.owner, GIF | {"facts": {**facts, "format": "gif"}})


def record(job: Job, made: Made, stored: StoredFile) -> None:
    """The row of a result and of its asset."""
    name = made.film.name(made.format)
    title = job.document["title"]
    called = f"{title}.mp4" if name == outputs.FILM else f"{title} {name}"
    JobResult.objects.create(
        job=job,
        asset=ingest.record(stored, job.owner, name=called, metadata=job.metadata),
        name=name,
        aspect_ratio=made.film.ratio,
        format=made.format,
        **{fact: made.report[fact] for fact in ("duration", "frames", "width", "height")},
    )


def beside(job: Job, film: PlannedFilm) -> list[dict[str, Any]]:
    """The captions beside the film, if the document wants them there."""
    if job.document.get("captions") not in ("sidecar", "both"):
        return []
    captions = [scene.get("caption") or "" for scene in job.document["scenes"]]
    return [cue.to_json() for cue in cues.cues(film.timeline, captions)]


def seconds_to_finish(job: Job, films: list[PlannedFilm]) -> float:
    """How long all that follows the last segment may take."""
    return sum(seconds_for(film, each) for film in films for each in outputs.conversions(job.options))


def seconds_for(film: PlannedFilm, work: str) -> float:
    """The hard deadline of a conversion."""
    timeline = film.timeline
    return seconds_allowed(timeline.frames, timeline.fps) + SLOWNESS[work] * timeline.duration


def require_same(stored: StoredFile, report: dict[str, Any]) -> None:
    """What the storage gave back must be what was checked."""
    if (stored.size, stored.checksum) != (report["size"], report["sha256"]):
        raise StoredDifferently()
