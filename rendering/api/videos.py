"""Finished films and the files beside them, with ranges and preconditions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from io import BytesIO
from typing import Any, NamedTuple

from django.conf import settings
from django.http.response import HttpResponseBase
from django.urls import reverse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from media_assets import serving
from media_assets.serving import RangedStorage, Served
from media_assets.storage.local import LocalStorage, Span
from rendering.api.fetched import gone_after
from rendering.api.jobs import CLIP, SHOWN, described_clip, films
from rendering.api.schema import PATH, TEXT, WHOLE, described, file_of, or_null, schema_of
from rendering.engine import sidecars
from rendering.engine.cues import Cue
from rendering.models import Job
from rendering.states import JobState
from rendering.workflow import clips
from rendering.workflow.outputs import POSTER
from videoserver.web.filters import check_names
from videoserver.web.problems import DomainError
from videoserver.web.views import ApiViewSet

FILE = schema_of({"name": TEXT, "url": PATH, "size": or_null(WHOLE), "content_type": TEXT})
NO_PAGE = {"type": ["string", "null"]}
FILES = schema_of({"next": NO_PAGE, "previous": NO_PAGE, "results": {"type": "array", "items": FILE}})
CLIPS = schema_of({"next": NO_PAGE, "previous": NO_PAGE, "results": {"type": "array", "items": CLIP}})
KINDS = ("video/mp4", "video/webm", "image/gif", "image/jpeg", "application/x-subrip", "text/vtt")
SIDECARS: dict[sidecars.Format, str] = {
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}


class NoFilm(DomainError):
    """The job is unknown, is somebody else's, or has no film yet."""

    code, status, default_detail = "not_found", HTTPStatus.NOT_FOUND, "Combined video not found"


class File(NamedTuple):
    """A file of a job under the name that it has there, and where its bytes are if not in the media storage."""

    name: str
    served: Served
    place: RangedStorage | None = None


class Written:
    """The place of a text that no storage keeps: it is written anew from the job whenever somebody asks."""

    def __init__(self, text: bytes) -> None:
        self.text = text

    def size(self, name: str) -> int:
        return len(self.text)

    def open_span(self, name: str, first: int, length: int) -> Span:
        return Span(BytesIO(self.text), first, length)


class VideoViews(ApiViewSet):
    """What jobs made, as files."""

    queryset = SHOWN
    lookup_url_kwarg = "job_id"

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A file is what it is, whatever is asked for."""
        return super().perform_content_negotiation(request, force=True)

    @described(operation_id="videos_combined", responses=file_of("video/mp4"))
    def combined(self, request: Request, job_id: str) -> HttpResponseBase:
        """The finished film of any kind of job."""
        job = self.get_queryset().filter(pk=job_id).first()
        made = films(job) if job else []
        if not job or not made:
            raise NoFilm
        return gone_after(job, serving.serve(request._request, serving.original(made[0].asset)))

    @described(operation_id="videos_files_list", responses={(200, "application/json"): FILES})
    def files(self, request: Request, job_id: str) -> Response:
        """Every file of a job."""
        check_names(request, ())
        job: Job = self.get_object()
        return page([described_file(job, each) for each in files_of(job)])

    @described(operation_id="videos_files_retrieve", responses=file_of(*KINDS))
    def file(self, request: Request, job_id: str, name: str) -> HttpResponseBase:
        """One of them."""
        job: Job = self.get_object()
        for each in files_of(job):
            if each.name == name:
                response = serving.serve(request._request, each.served, each.place)
                return gone_after(job, response) if each.served.content_type.startswith("video/") else response
        raise NotFound

    @described(operation_id="videos_clips_list", responses={(200, "application/json"): CLIPS})
    def clips(self, request: Request, job_id: str) -> Response:
        """The film's scenes one by one."""
        check_names(request, ())
        job: Job = self.get_object()
        return page([described_clip(job, clip) for clip in clips.of(job)])

    @described(operation_id="videos_clips_retrieve", responses=file_of("video/mp4"))
    def clip(self, request: Request, job_id: str, name: str) -> HttpResponseBase:
        """One scene, its transitions included, cut out of the film without encoding it again."""
        job: Job = self.get_object()
        for clip in clips.of(job):
            if clip.name == name:
                made = clips.cut(job, clip)
                place = LocalStorage(location=settings.SEGMENTS_DIR)
                key = str(made.path.relative_to(settings.SEGMENTS_DIR))
                served = Served(key, made.size, made.sha256, "video/mp4", ended(job), name)
                return serving.serve(request._request, served, place)
        raise NotFound


def page(results: Sequence[Any]) -> Response:
    """All of them, as a list of the API looks."""
    return Response({"next": None, "previous": None, "results": results})


def files_of(job: Job) -> list[File]:
    """Its films and previews, the poster, the captions."""
    if job.status != JobState.COMPLETED:
        return []
    made = job.results.all()
    files = [File(each.name, replace(serving.original(each.asset), filename=each.name)) for each in made]
    if job.poster:
        files.append(File(POSTER, replace(serving.original(job.poster), filename=POSTER)))
    if job.captions:
        files += [captions_of(job, format) for format in SIDECARS]
    return files


def captions_of(job: Job, format: sidecars.Format) -> File:
    """The cues that were found when the film was made, written as a file."""
    text = sidecars.written([Cue(**cue) for cue in job.captions], format).encode()
    name, digest = f"captions.{format}", hashlib.sha256(text).hexdigest()
    return File(name, Served(name, len(text), digest, SIDECARS[format], ended(job), name), Written(text))


def ended(job: Job) -> Any:
    """When its files came to be."""
    return job.finished_at or job.updated_at


def described_file(job: Job, file: File) -> dict[str, Any]:
    """What the list says about a file."""
    return {
        "name": file.name,
        "url": reverse("video-file", args=[job.pk, file.name]),
        "size": file.served.size,
        "content_type": file.served.content_type,
    }
