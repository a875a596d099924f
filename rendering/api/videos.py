"""Finished films and the files beside them, with ranges and preconditions."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any, NamedTuple

from django.http.response import HttpResponseBase
from django.urls import reverse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from media_assets import serving
from media_assets.serving import Served
from rendering.api.jobs import SHOWN, films
from rendering.api.schema import PATH, TEXT, WHOLE, described, file_of, or_null, schema_of
from rendering.models import Job
from videoserver.web.filters import check_names
from videoserver.web.problems import DomainError
from videoserver.web.views import ApiViewSet

FILM, POSTER = "final.mp4", "poster.jpg"
FILE = schema_of({"name": TEXT, "url": PATH, "size": or_null(WHOLE), "content_type": TEXT})
NO_PAGE = {"type": ["string", "null"]}
FILES = schema_of({"next": NO_PAGE, "previous": NO_PAGE, "results": {"type": "array", "items": FILE}})


class NoFilm(DomainError):
    """The job is unknown, is somebody else's, or has no film yet."""

    code, status, default_detail = "not_found", HTTPStatus.NOT_FOUND, "Combined video not found"


class File(NamedTuple):
    """A file of a job under the name that it has there."""

    name: str
    served: Served


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
        if not made:
            raise NoFilm
        return serving.serve(request._request, serving.original(made[0].asset))

    @described(operation_id="videos_files_list", responses={(200, "application/json"): FILES})
    def files(self, request: Request, job_id: str) -> Response:
        """Every file of a job."""
        check_names(request, ())
        job: Job = self.get_object()
        return Response(
            {"next": None, "previous": None, "results": [described_file(job, each) for each in files_of(job)]}
        )

    @described(operation_id="videos_files_retrieve", responses=file_of("video/mp4", "image/jpeg"))
    def file(self, request: Request, job_id: str, name: str) -> HttpResponseBase:
        """One of them."""
        for each in files_of(self.get_object()):
            if each.name == name:
                return serving.serve(request._request, each.served)
        raise NotFound


def files_of(job: Job) -> list[File]:
    """The film as `final.mp4`, and its poster if it has one."""
    made = films(job)
    if not made:
        return []
    asset = made[0].asset
    files = [File(FILM, replace(serving.original(asset), filename=FILM))]
    if asset.thumbnail_url:
        files.append(File(POSTER, replace(serving.thumbnail(asset), filename=POSTER)))
    return files


def described_file(job: Job, file: File) -> dict[str, Any]:
    """What the list says about a file."""
    return {
        "name": file.name,
        "url": reverse("video-file", args=[job.pk, file.name]),
        "size": file.served.size,
        "content_type": file.served.content_type,
    }
