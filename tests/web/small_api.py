"""A small API over a model that is there in any case, to see the manners that every view gets."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import include, path, re_path
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from videoserver.access.models import ApiKey
from videoserver.web import handlers
from videoserver.web.filters import ApiFilterSet
from videoserver.web.permissions import REVIEW
from videoserver.web.prefer import wait_for_end
from videoserver.web.problems import DomainError
from videoserver.web.routers import Router, route
from videoserver.web.views import ApiView, ApiViewSet, PreconditionFailed, require_match


class Outdated(DomainError):
    """Somebody changed it first."""

    code, status = "outdated", 409


class SpeaksForItself(Exception):
    """Of a lower floor: it knows no web, but has a code, a status and a sentence."""

    code, status, detail = "storage_full", 507, "The storage is full."
    errors = [
        {"pointer": "/scenes/3/params/image", "code": "scene_missing_image", "detail": "Scene 4 is missing image"}
    ]


class PartSerializer(serializers.Serializer[Any]):
    at = serializers.FloatField()
    tags = serializers.ListField(child=serializers.CharField(max_length=3), required=False)


class ThingSerializer(serializers.ModelSerializer[ApiKey]):
    parts = PartSerializer(many=True, required=False, write_only=True)

    class Meta:
        model = ApiKey
        fields = ["id", "name", "created_at", "parts"]

    def create(self, validated_data: dict[str, Any]) -> ApiKey:
        validated_data.pop("parts", None)
        return ApiKey.objects.issue(validated_data.pop("owner"), **validated_data)[0]


class ThingFilter(ApiFilterSet):
    class Meta:
        model = ApiKey
        fields = ["name"]


class ThingViewSet(mixins.ListModelMixin, mixins.CreateModelMixin, mixins.RetrieveModelMixin,
                   mixins.UpdateModelMixin, ApiViewSet):  # fmt: skip
    """Things."""

    queryset = ApiKey.objects.all()
    serializer_class = ThingSerializer
    filterset_class = ThingFilter
    search_fields = ["name"]
    orderings = ("created_at", "name")
    scopes: ClassVar[dict[str, str]] = {"approve": REVIEW}
    permissions: ClassVar[dict[str, str]] = {"fail": "", "approve": "access.delete_apikey", "film": "", "wait": ""}
    calls: ClassVar[list[str]] = []

    def perform_create(self, serializer: Any) -> None:
        self.calls.append("create")
        serializer.save(owner=self.request.user)

    def perform_update(self, serializer: Any) -> None:
        require_match(self.request, '"r1"')
        serializer.save()

    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        return Response({"approved": self.get_object().pk})

    @action(detail=False, methods=["post", "get"], url_path="fail/<str:how>")
    def fail(self, request: Request, how: str) -> Response:
        self.calls.append(how)
        raise {
            "domain": Outdated("Somebody changed it first. Read it again."),
            "own": SpeaksForItself(),
            "stale": PreconditionFailed(),
            "unexpected": RuntimeError("the password is swordfish"),
        }[how]

    @action(detail=False, methods=["post"])
    def film(self, request: Request) -> StreamingHttpResponse:
        self.calls.append("film")
        return StreamingHttpResponse(iter([b"film"]), content_type="video/mp4")

    @action(detail=False, methods=["post"])
    def wait(self, request: Request) -> Response:
        looks = iter(["running", "running", "done"])
        status = wait_for_end(request, lambda: next(looks), lambda look: look == "done")
        return Response({"status": status})


class VersionView(ApiView):
    """Has an ETag of its own."""

    def get(self, request: Request) -> Response:
        return Response({"n": 1}, headers={"ETag": '"r7"'})


def breaks(request: HttpRequest) -> HttpResponse:
    """A plain view that fails."""
    raise RuntimeError("the password is swordfish")


router = Router()
router.register("things", ThingViewSet, "thing")
urlpatterns = [
    path("api/v1/", include([*router.urls, route("version", VersionView.as_view(), name="version")])),
    path("api/v1/breaks", breaks),
    path("breaks", breaks),
    re_path(r"^api/", handlers.not_found),
]
handler400 = handlers.bad_request
handler403 = handlers.permission_denied
handler404 = handlers.not_found
handler500 = handlers.server_error
