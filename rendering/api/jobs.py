"""Jobs: every order of work, how far it is, and what it made."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import django_filters
from django.contrib.auth.models import User
from django.db.models import Prefetch
from django.http import StreamingHttpResponse
from django.urls import reverse
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from rendering.api.bodies import NothingBody
from rendering.api.events import stream
from rendering.api.schema import NUMBER, PATH, TEXT, UUID, WHOLE, described, file_of, links, or_null, schema_of, shaped
from rendering.models import Job, JobResult, Prediction, Segment
from rendering.states import JobKind, JobState
from rendering.workflow import clips, order, progress
from rendering.workflow.clips import Clip
from videoserver.web.filters import ApiFilterSet
from videoserver.web.prefer import wait_for_end
from videoserver.web.views import ApiViewSet

SHOWN = Job.objects.prefetch_related(
    Prefetch("segments", Segment.objects.defer("spec")),
    Prefetch("predictions", Prediction.objects.defer("inputs")),
    Prefetch("results", JobResult.objects.select_related("asset")),
)
"""Jobs with all that is said about them, without a query for each."""
PROGRESS = schema_of(
    {
        "current_stage": TEXT,
        "scenes_total": WHOLE,
        "scenes_completed": WHOLE,
        "current_scene": or_null(WHOLE),
        "fraction": {"type": "number", "minimum": 0, "maximum": 1},
        "estimated_completion_seconds": or_null(NUMBER),
        "message": TEXT,
    }
)
PROBLEM = {"type": ["object", "null"], "properties": {"code": TEXT, "detail": TEXT, "pointer": TEXT}}
CLIP = schema_of({"scene": or_null(UUID), "name": TEXT, "url": PATH})
CLIPS = {"type": "array", "items": CLIP}
FINDING = schema_of(
    {"kind": TEXT, "detail": TEXT, "scene": or_null(WHOLE), "start": or_null(NUMBER), "end": or_null(NUMBER)}
)
QUALITY = schema_of(
    {
        "loudness_lufs": or_null(NUMBER),
        "true_peak_dbtp": or_null(NUMBER),
        "findings": {"type": "array", "items": FINDING},
    }
)


class ResultSerializer(serializers.ModelSerializer[JobResult]):
    """A file that a job made."""

    asset = serializers.UUIDField(source="asset_id", read_only=True)
    size = serializers.IntegerField(source="asset.size", read_only=True)
    checksum = serializers.CharField(source="asset.checksum", read_only=True)
    url = serializers.CharField(source="asset.url", read_only=True)

    class Meta:
        model = JobResult
        fields = [
            *("asset", "name", "aspect_ratio", "format", "duration", "frames"),
            *("width", "height", "size", "checksum", "url"),
        ]
        read_only_fields = fields


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job as everybody sees it: API, waits, webhooks."""

    storyboard = serializers.UUIDField(source="storyboard_id", read_only=True, allow_null=True)
    retry_of = serializers.UUIDField(source="retry_of_id", read_only=True, allow_null=True)
    status = serializers.ChoiceField(JobState.choices, read_only=True)
    progress = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    video_url = serializers.SerializerMethodField()
    results = ResultSerializer(many=True, read_only=True)
    clips = serializers.SerializerMethodField()
    quality = serializers.SerializerMethodField()
    urls = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "status",
            "stage",
            "storyboard",
            "revision",
            "attempt",
            "retry_count",
            "retry_of",
            "priority",
            "progress",
            "error",
            "warnings",
            "estimated_cost",
            "actual_cost",
            "currency",
            "video_url",
            "results",
            "clips",
            "quality",
            "urls",
            "metadata",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields

    @shaped(PROGRESS)
    def get_progress(self, job: Job) -> dict[str, Any]:
        """Real counts, and a finish time from measured speed."""
        shared = cast(dict[str, Any], self.context)
        return progress.of(job, shared.setdefault("measured_speed", cache(progress.measured_speed)))

    @shaped(PROBLEM)
    def get_error(self, job: Job) -> dict[str, str] | None:
        """Why it failed; what a retry is still to mend is no failure."""
        if job.status != JobState.FAILED:
            return None
        error = {"code": job.error_code, "detail": job.error_detail, "pointer": job.error_pointer}
        return {name: value for name, value in error.items() if value or name != "pointer"}

    @shaped(or_null(PATH))
    def get_video_url(self, job: Job) -> str | None:
        """The finished film."""
        return reverse("video-combined", args=[job.pk]) if films(job) else None

    @shaped(CLIPS)
    def get_clips(self, job: Job) -> list[dict[str, str | None]]:
        """Its scenes one by one."""
        return [described_clip(job, clip) for clip in clips.of(job)]

    @shaped(QUALITY)
    def get_quality(self, job: Job) -> dict[str, Any]:
        """What was measured on the result."""
        return {"loudness_lufs": None, "true_peak_dbtp": None, "findings": [], **job.quality}

    @shaped(links("self", "cancel", "retry", "events", "result"))
    def get_urls(self, job: Job) -> dict[str, str]:
        """Where to go from here."""
        return {
            "self": url_of(job),
            "cancel": reverse("job-cancel", args=[job.pk]),
            "retry": reverse("job-retry", args=[job.pk]),
            "events": reverse("job-events", args=[job.pk]),
            "result": reverse("video-combined", args=[job.pk]),
        }


class JobFilter(ApiFilterSet):
    """What jobs can be filtered by."""

    status = django_filters.ChoiceFilter(choices=JobState.choices)
    kind = django_filters.ChoiceFilter(choices=JobKind.choices)
    storyboard = django_filters.UUIDFilter(field_name="storyboard_id")
    campaign = django_filters.UUIDFilter(field_name="storyboard__campaign_id")

    class Meta:
        model = Job
        fields: list[str] = []


class JobViews(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """Jobs. They are made by orders, and never change after their end."""

    queryset = SHOWN
    serializer_class = JobSerializer
    lookup_value_converter = "uuid"
    filterset_class = JobFilter

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A stream is what it is, whatever is asked for."""
        return super().perform_content_negotiation(request, force or self.action == "events")

    @described(request=NothingBody, responses={200: JobSerializer, 202: JobSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel a job: 202, or 200 with the job as it is when it had ended."""
        job: Job = self.get_object()
        NothingBody.read(request)
        had_ended = job.has_ended
        order.cancel(job)
        # It may have come to its end since it was read: then that is the truth, and nothing was canceled.
        had_ended |= job.has_ended and job.status != JobState.CANCELED
        return Response(JobSerializer(shown(job)).data, status=200 if had_ended else 202)

    @described(request=NothingBody, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Order what failed once more: a new job with `retry_of`."""
        failed: Job = self.get_object()
        NothingBody.read(request)
        return ordered(request, order.retry(failed, by=cast(User, request.user)))

    @described(responses=file_of("text/event-stream"))
    @action(detail=True)
    def events(self, request: Request, pk: str) -> StreamingHttpResponse:
        """Server-sent `event: job` with the job on each change; it ends after the last, or after 30 s."""
        job: Job = self.get_object()

        def look() -> tuple[Any, bool]:
            seen = shown(job)
            return JobSerializer(seen).data, seen.has_ended

        return stream(request, look)


def ordered(request: Request, job: Job, *, new: bool = True) -> Response:
    """The answer to an order: 202 with the job; 200 when it was there before, or when it ended while the caller waited
    (`Prefer: wait=N`)."""
    job = wait_for_end(request, lambda: shown(job), lambda seen: seen.has_ended)
    status = 202 if new and not job.has_ended else 200
    return Response(JobSerializer(job).data, status=status, headers={"Location": url_of(job)})


def shown(job: Job) -> Job:
    """The job as it is now."""
    found: Job = SHOWN.get(pk=job.pk)
    return found


def url_of(job: Job) -> str:
    """Where a job is read."""
    return reverse("job-detail", args=[job.pk])


def described_clip(job: Job, clip: Clip) -> dict[str, str | None]:
    """What is said of a scene's film."""
    return {"scene": clip.scene, "name": clip.name, "url": reverse("video-clip", args=[job.pk, clip.name])}


def films(job: Job) -> list[JobResult]:
    """The films that a job made, the one it was ordered for first."""
    made = job.results.all() if job.status == JobState.COMPLETED else ()
    return [result for result in made if result.asset.type == "video"]
