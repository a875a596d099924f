"""`/api/v1/media/` and `/api/v1/folders/`."""

from __future__ import annotations

from typing import Any, cast

import django_filters
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from media_assets import imports, ingest, serving
from media_assets.api.serializers import (
    AssetFields,
    AssetSerializer,
    FolderSerializer,
    ImportFields,
    RetryFields,
    UploadFields,
)
from media_assets.api.upload_handler import CappedUpload
from media_assets.exceptions import AssetNotReady
from media_assets.models import AssetState, AssetType, Folder, MediaAsset
from videoserver.web.filters import ApiFilterSet
from videoserver.web.pagination import bad_parameter
from videoserver.web.parsers import BoundedJSON
from videoserver.web.prefer import wait_for_end
from videoserver.web.views import ApiViewSet

PICTURE_SECONDS = 10
FILE = OpenApiResponse(OpenApiTypes.BINARY, "The bytes.")


class AssetFilters(ApiFilterSet):
    """What the library can be searched by; `tag` repeated means all of them."""

    status = django_filters.ChoiceFilter(choices=AssetState.choices)
    type = django_filters.ChoiceFilter(choices=AssetType.choices)
    folder = django_filters.UUIDFilter(field_name="folder_id")
    tag = django_filters.CharFilter(method="tagged")

    def tagged(self, queryset: Any, name: str, value: str) -> Any:
        for tag in self.data.getlist(name):
            if "\x00" in tag:
                raise bad_parameter(name, "It holds NUL.")
            queryset = queryset.tagged(tag)
        return queryset


@extend_schema_view(
    create=extend_schema(request={"multipart/form-data": UploadFields}, responses={201: AssetSerializer}),
    partial_update=extend_schema(request=AssetFields, responses=AssetSerializer),
    destroy=extend_schema(responses={204: None}),
    data=extend_schema(responses={(200, "application/octet-stream"): FILE, (206, "application/octet-stream"): FILE}),
    thumbnail=extend_schema(responses={(200, "image/jpeg"): FILE}),
    import_from_url=extend_schema(request=ImportFields, responses={201: AssetSerializer, 202: AssetSerializer}),
    retry=extend_schema(request=RetryFields, responses={202: AssetSerializer}),
    cancel=extend_schema(request=None, responses={200: AssetSerializer, 202: AssetSerializer}),
)
class MediaViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """The library: upload, look, rename, sort, delete, and get the bytes."""

    queryset = MediaAsset.objects.alive().select_related("owner").prefetch_related("imports")
    serializer_class = AssetSerializer
    parser_classes = [BoundedJSON, MultiPartParser]
    filterset_class = AssetFilters
    search_fields = ("name",)
    orderings = ("created_at", "updated_at", "name")

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Before anything reads the body: cap it."""
        if request.method == "POST":
            request.upload_handlers.insert(0, CappedUpload(request))
        return super().initialize_request(request, *args, **kwargs)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A file is what it is, whatever is asked for."""
        return super().perform_content_negotiation(request, force or self.action in ("data", "thumbnail"))

    def create(self, request: Request) -> Response:
        """Upload a file."""
        form = UploadFields(data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        asset = ingest.upload(form.validated_data.pop("file"), cast(User, request.user), **form.validated_data)
        body = AssetSerializer(asset).data
        return Response(body, status.HTTP_201_CREATED, headers={"Location": body["urls"]["self"]})

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change name, folder, tags or metadata."""
        fields = AssetFields(self.get_object(), request.data, partial=True, context=self.get_serializer_context())
        fields.is_valid(raise_exception=True)
        return Response(AssetSerializer(fields.save()).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete softly; refused while something uses it."""
        asset = self.get_object()
        asset.discard()
        imports.cancel(asset)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=False, methods=["post"], url_path="import-from-url")
    def import_from_url(self, request: Request) -> Response:
        """Fetch a file from a URL: 202 with the asset that waits for it. A picture is waited for (10 s unless `Prefer`
        says otherwise): 201 once it is ready."""
        body = ImportFields(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        asset = imports.order(owner=cast(User, request.user), **body.validated_data)
        picture = asset.type == AssetType.IMAGE
        return self.fetched(request, asset, done=201 if picture else 200, wait=PICTURE_SECONDS if picture else 0)

    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Import a failed asset again, from a fresh `url` if there is one. It keeps its id."""
        body = RetryFields(data=request.data)
        body.is_valid(raise_exception=True)
        return self.fetched(request, imports.retry(self.get_object(), body.validated_data["url"]), done=200)

    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel an import: 202, or 200 with the asset as it is when none was under way."""
        asset = self.get_object()
        canceled = imports.cancel(asset)
        return Response(AssetSerializer(self.get_object()).data, 202 if canceled else 200)

    def fetched(self, request: Request, asset: MediaAsset, *, done: int, wait: int = 0) -> Response:
        """The answer to an import: 202, or `done` when it is ready before the caller's patience ends."""
        # Also when it is deleted meanwhile: the answer says so.
        there = MediaAsset.objects.select_related("owner").prefetch_related("imports")
        seen = wait_for_end(request, lambda: there.get(pk=asset.pk), has_bytes_or_never, default=wait)
        body = AssetSerializer(seen).data
        code = done if seen.status == AssetState.READY else 202
        return Response(body, code, headers={"Location": body["urls"]["self"]})

    @action(detail=True, filter_backends=[])
    def data(self, request: Request, pk: str) -> HttpResponseBase:
        """The file itself, with ranges."""
        asset = self.get_object()
        if asset.status != AssetState.READY:
            raise AssetNotReady
        return serving.serve(request._request, serving.original(asset))

    @action(detail=True, filter_backends=[])
    def thumbnail(self, request: Request, pk: str) -> HttpResponseBase:
        """The small picture."""
        asset = self.get_object()
        if not asset.thumbnail_url:
            raise NotFound
        return serving.serve(request._request, serving.thumbnail(asset))


def has_bytes_or_never(asset: MediaAsset) -> bool:
    """Whether waiting is over."""
    return asset.is_deleted or asset.status in (AssetState.READY, AssetState.FAILED)


class FolderViewSet(
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    ApiViewSet,
):
    """Shelves of the library. Deleting one leaves its assets, without a folder."""

    queryset: QuerySet[Folder] = Folder.objects.select_related("owner")
    serializer_class = FolderSerializer
    filterset_class = ApiFilterSet
    search_fields = ("name",)
    orderings = ("created_at", "updated_at", "name")

    def perform_create(self, serializer: Any) -> None:
        serializer.save(owner=self.request.user)
