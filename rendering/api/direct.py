"""Direct orders over HTTP: a template's film, or one frame of it, from its parameters alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.datastructures import MultiValueDict
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from media_assets import serving
from media_assets.api.upload_handler import CappedUpload
from rendering.api.bodies import NARROWEST, WIDEST, Body
from rendering.api.fetched import gone_after
from rendering.api.jobs import JobSerializer, films, shown, url_of
from rendering.api.pictures import still_answer
from rendering.api.schema import described, file_of, query
from rendering.exceptions import OrderInvalid, UploadUnfit
from rendering.models import Job
from rendering.states import JobState
from rendering.video_templates import catalogue
from rendering.video_templates.base import Template
from rendering.video_templates.fields import Asset as AssetField
from rendering.video_templates.fields import Choice, Colour, Field, Text
from rendering.workflow import direct, ephemeral, template_stills
from rendering.workflow.frame_size import ASPECT_RATIOS, QUALITIES
from videoserver.web.parsers import BoundedJSON
from videoserver.web.prefer import preferred_wait, wait_for_end
from videoserver.web.problems import DomainError
from videoserver.web.views import ApiView

VIDEO = "video/mp4"
STILL_SECONDS = 60
OURS = frozenset({"attempts_exhausted", "child_died", "internal_error", "output_missing", "processing_failed"}) | {
    "processing_timeout",
    "quality_check_failed",
    "render_timeout",
    "segment_lost",
    "storage_full",
    "storage_upload_failed",
}
"""Codes of failed jobs whose input is not at fault."""
UNSAID = frozenset({"attempts_exhausted", "child_died", "internal_error"})
"""Codes whose sentences do not say what failed."""
BODY = {
    "application/json": {"type": "object", "description": "{params, …}: the template says what goes into params."},
    "multipart/form-data": {"type": "object", "description": "The same, with the parameters as fields of their own."},
}


class TemplateRender(ApiView):
    """Orders of one template."""

    parser_classes = [BoundedJSON, MultiPartParser]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Before anything reads the body: cap it."""
        if request.method == "POST":
            request.upload_handlers.insert(0, CappedUpload(request))
        return super().initialize_request(request, *args, **kwargs)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A film that was waited for is sent as it is; all else is JSON."""
        return super().perform_content_negotiation(request, force=True)

    @described(
        operation_id="templates_render",
        request=BODY,
        responses={200: JobSerializer, 202: JobSerializer, **file_of(VIDEO)},
    )
    def post(self, request: Request, name: str) -> HttpResponseBase:
        """Order a film of this template. With `Accept: video/mp4` and `Prefer: wait=N` the answer is the file, which is
        deleted then unless `delivery` is `keep`."""
        template = find(name)
        body, uploads = read(request, template)
        at_once = wants_film(request) and bool(preferred_wait(request))
        delivery = ephemeral.EPHEMERAL if at_once else ephemeral.KEEP
        try:
            placed = direct.place(template, cast(User, request.user), body, uploads, delivery=delivery)
        except (OrderInvalid, UploadUnfit) as error:
            for each in error.errors if is_form(request) else ():
                each["pointer"] = each["pointer"].removeprefix("/params")
            raise
        job = wait_for_end(request, lambda: shown(placed), lambda seen: seen.has_ended)
        if at_once and job.has_ended:
            return self.film(request, job)
        status = 200 if job.has_ended else 202
        return Response(JobSerializer(job).data, status=status, headers={"Location": url_of(job)})

    def film(self, request: Request, job: Job) -> HttpResponseBase:
        """The file itself, or why there is none."""
        made = films(job)
        if job.status != JobState.COMPLETED or not made:
            detail = job.error_detail or f"The job is {job.status}."
            at_fault = job.status == JobState.FAILED and job.error_code not in OURS
            raise DomainError(
                f"Processing failed: {detail}" if job.error_code in UNSAID else detail,
                code=job.error_code or str(job.status),
                status=HTTPStatus.UNPROCESSABLE_ENTITY if at_fault else HTTPStatus.INTERNAL_SERVER_ERROR,
            )
        served = replace(serving.original(made[0].asset), filename=direct.filename(job))
        response = gone_after(job, serving.serve(request._request, served))
        response.headers["Location"] = url_of(job)
        return response


class StillQuery(Body):
    """Which frame."""

    params = serializers.CharField(required=False, max_length=100_000, help_text="JSON; missing: sample values.")
    at = serializers.FloatField(min_value=0, max_value=1_000_000, required=False)
    duration = serializers.FloatField(min_value=direct.SHORTEST, max_value=direct.LONGEST, required=False)
    aspect_ratio = serializers.ChoiceField(list(ASPECT_RATIOS), required=False, default="16:9")
    quality = serializers.ChoiceField(list(QUALITIES), required=False, default="720p")
    color = serializers.RegexField("^#[0-9a-fA-F]{6}$", required=False)
    w = serializers.IntegerField(min_value=NARROWEST, max_value=WIDEST, required=False)


class TemplateStill(ApiView):
    """Frames of one template."""

    scopes: ClassVar[Mapping[str, str]] = {}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A picture is what it is, whatever is asked for."""
        return super().perform_content_negotiation(request, force=True)

    @described(
        operation_id="templates_still",
        parameters=[
            query("params", {"type": "string"}, "The parameters as JSON. Missing: sample values."),
            query("at", {"type": "number", "minimum": 0}, "Seconds; missing: when everything is there."),
            query("duration", {"type": "number"}, "Seconds of the scene; missing: 5."),
            query("aspect_ratio", {"type": "string", "enum": list(ASPECT_RATIOS), "default": "16:9"}, "The shape."),
            query("quality", {"type": "string", "enum": list(QUALITIES), "default": "720p"}, "The size."),
            query("color", {"type": "string"}, "The brand's colour, #rrggbb."),
            query("w", {"type": "integer", "minimum": NARROWEST, "maximum": WIDEST}, "Pixels of its width."),
        ],
        responses=file_of("image/jpeg"),
    )
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """One frame; required assets that are missing are drawn."""
        template = find(name)
        asked = StillQuery(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        look = dict(asked.validated_data)
        params = as_json(look.pop("params")) if "params" in look else None
        seconds = look.pop("at", None)
        width = look.pop("w", None)
        still = template_stills.of(template, cast(User, request.user), params, seconds, width=width, **look)
        return still_answer(request, still, STILL_SECONDS)


def find(name: str) -> type[Template]:
    """The template of a path; how-it-works and how_it_works are one."""
    if catalogue.canonical(name) not in catalogue.names():
        raise NotFound
    return catalogue.get(name)


def is_form(request: Request) -> bool:
    return isinstance(request.data, MultiValueDict)


def wants_film(request: Request) -> bool:
    """Whether a film is among what the caller accepts by name."""
    accepted = request.headers.get("Accept", "").split(",")
    return any(part.partition(";")[0].strip().lower() == VIDEO for part in accepted)


def read(request: Request, template: type[Template]) -> tuple[Any, dict[str, UploadedFile[Any]]]:
    """The order's body, and the files in it. A form's fields are the order's own, or the template's."""
    if not is_form(request):
        return request.data, {}
    fields = cast(MultiValueDict[str, Any], request.data)
    body: dict[str, Any] = {}
    params: dict[str, Any] = {}
    uploads = {}
    for name, values in fields.lists():
        value = values[-1]
        if isinstance(value, UploadedFile) and isinstance(template.fields.get(name), AssetField):
            uploads[name] = value
        elif isinstance(value, UploadedFile):
            params[name] = "a file"  # refused as whatever stands here instead of what belongs here
        elif name in direct.ORDER_FIELDS:
            body[name] = typed(direct.ORDER_FIELDS[name], value)
        else:
            params[name] = typed(template.fields.get(name), value)
    return {**body, "params": params}, uploads


def typed(field: Field[Any] | None, text: str) -> Any:
    """A form's text as the value that the field takes; what is none is left for the field to refuse."""
    if field is None or isinstance(field, Text | Colour | Choice | AssetField):
        return text
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        detail = "This must be a JSON object."
        raise OrderInvalid([{"pointer": "/params", "code": "invalid", "detail": detail}]) from None
