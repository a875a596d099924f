"""Storyboards: the whole document as body, and what is done with one."""

from __future__ import annotations

from typing import Any

import django_filters
from django.urls import reverse
from rest_framework import mixins, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rendering.api.orders import StoryboardOrders
from rendering.api.reviews import StoryboardReviews
from rendering.api.scenes import SHOWN, SceneSerializer, etag
from rendering.api.schema import (
    DOCUMENT,
    DOCUMENT_PART,
    TEXT,
    TIME,
    WHOLE,
    as_json,
    described,
    links,
    schema_of,
    shaped,
)
from rendering.models import CONTENT_FIELDS, Storyboard
from rendering.states import StoryboardState
from rendering.workflow import document as documents
from rendering.workflow import money, remove, write
from videoserver.web.filters import ApiFilterSet
from videoserver.web.parsers import BoundedJSON
from videoserver.web.views import ApiViewSet, require_match

APPROVAL = {
    "revision": WHOLE,
    "content_hash": TEXT,
    "by": TEXT,
    "at": TIME,
    "note": TEXT,
    "stale": {"type": "boolean"},
}
DEEDS = ("submit", "approve", "reject", "request-changes", "render", "duplicate", "generate", "estimate", "still")


class StoryboardSerializer(serializers.ModelSerializer[Storyboard]):
    """The document, with what the server says about it; all of it may be sent back."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    campaign = serializers.UUIDField(source="campaign_id", read_only=True, allow_null=True)
    approval = serializers.SerializerMethodField()
    duration = serializers.SerializerMethodField()
    estimated_cost = serializers.SerializerMethodField()
    currency = serializers.SerializerMethodField()
    scenes = SceneSerializer(many=True, read_only=True)
    urls = serializers.SerializerMethodField()

    class Meta:
        model = Storyboard
        fields = [
            "id",
            "owner",
            "status",
            "revision",
            "content_hash",
            "approval",
            "duration",
            "estimated_cost",
            "currency",
            "title",
            *CONTENT_FIELDS,
            "campaign",
            "metadata",
            "scenes",
            "created_at",
            "updated_at",
            "urls",
        ]
        read_only_fields = fields

    @shaped(schema_of(APPROVAL, nullable=True))
    def get_approval(self, storyboard: Storyboard) -> dict[str, Any] | None:
        """The last review that approved; stale when it is not for what stands here now."""
        if (review := storyboard.approval) is None:
            return None
        return {
            "revision": review.revision,
            "content_hash": review.content_hash,
            "by": review.reviewer.get_username(),
            "at": serializers.DateTimeField().to_representation(review.created_at),
            "note": review.note,
            "stale": not storyboard.is_approved,
        }

    def get_duration(self, storyboard: Storyboard) -> float:
        """Seconds of the film."""
        return documents.duration(storyboard.document())

    @shaped({"type": "string", "format": "decimal"})
    def get_estimated_cost(self, storyboard: Storyboard) -> str:
        """What a render would cost now."""
        return str(money.estimate(storyboard).total)

    def get_currency(self, storyboard: Storyboard) -> str:
        """What it is counted in."""
        return money.estimate(storyboard).currency

    @shaped(links("self", "scenes", "jobs", *(deed.replace("-", "_") for deed in DEEDS)))
    def get_urls(self, storyboard: Storyboard) -> dict[str, str]:
        """Where to go from here."""
        deeds = {deed.replace("-", "_"): reverse(f"storyboard-{deed}", args=[storyboard.pk]) for deed in DEEDS}
        return {
            "self": url_of(storyboard),
            "scenes": reverse("scene-list", args=[storyboard.pk]),
            "jobs": f"{reverse('job-list')}?storyboard={storyboard.pk}",
            **deeds,
        }


class StoryboardFilter(ApiFilterSet):
    """What storyboards can be filtered by."""

    status = django_filters.ChoiceFilter(choices=StoryboardState.choices)
    campaign = django_filters.UUIDFilter(field_name="campaign_id")

    class Meta:
        model = Storyboard
        fields: list[str] = []


class StoryboardViews(StoryboardReviews, StoryboardOrders, mixins.ListModelMixin, ApiViewSet):
    """Storyboards. A write may carry `If-Match` with the ETag that was read; every change of content is a revision."""

    queryset = SHOWN
    serializer_class = StoryboardSerializer
    parser_classes = [BoundedJSON]
    lookup_value_converter = "uuid"
    filterset_class = StoryboardFilter
    search_fields = ["title"]
    orderings = ("created_at", "updated_at", "title")
    scopes = {**StoryboardReviews.scopes, **StoryboardOrders.scopes}
    permissions = {**StoryboardReviews.permissions, **StoryboardOrders.permissions}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A picture is what it is, whatever is asked for."""
        return super().perform_content_negotiation(request, force or self.action == "still")

    @described(request=as_json(DOCUMENT), responses={201: StoryboardSerializer})
    def create(self, request: Request) -> Response:
        """Write a draft."""
        storyboard = write.create(self.caller, self.sent)
        return self.answer(storyboard, 201)

    def retrieve(self, request: Request, pk: str) -> Response:
        """The document as it can be sent back. Its ETag names the revision alone, so it never answers 304: the status
        changes without one."""
        request._request.META.pop("HTTP_IF_NONE_MATCH", None)
        return self.answer(self.get_object())

    @described(request=as_json(DOCUMENT), responses=StoryboardSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Replace the whole document. Scenes that come with their id keep it."""
        return self.answer(write.rewrite(self.as_read(), self.caller, self.sent))

    @described(request=as_json(DOCUMENT_PART), responses=StoryboardSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Replace top-level keys of the document."""
        storyboard = self.as_read()
        if not isinstance(self.sent, dict):
            raise ValidationError("This must be an object.")
        return self.answer(write.rewrite(storyboard, self.caller, storyboard.document() | self.sent))

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete it with its scenes and reviews. Its films stay with their jobs."""
        remove.storyboard(self.as_read())
        return Response(status=204)

    @property
    def caller(self) -> Any:
        """Who asks."""
        return self.request.user

    @property
    def sent(self) -> Any:
        """The document, or whatever was sent instead: it is checked where it is written."""
        return self.request.data

    def as_read(self) -> Storyboard:
        """The storyboard, of the revision that the caller read."""
        storyboard: Storyboard = self.get_object()
        require_match(self.request, etag(storyboard))
        return storyboard

    def answer(self, storyboard: Storyboard, status: int = 200) -> Response:
        """The storyboard, with its revision."""
        headers = {"ETag": etag(storyboard)}
        if status == 201:
            headers["Location"] = url_of(storyboard)
        return Response(StoryboardSerializer(storyboard).data, status=status, headers=headers)


def url_of(storyboard: Storyboard) -> str:
    """Where a storyboard is read."""
    return reverse("storyboard-detail", args=[storyboard.pk])
