"""The scenes of a storyboard. Writing one writes a new revision of the whole."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from rendering.api.schema import (
    PATH,
    SCENE_AT,
    SCENE_PART,
    as_json,
    described,
    or_null,
    schema_of,
    shaped,
)
from rendering.models import Review, Scene, Storyboard
from rendering.workflow import write
from videoserver.web.filters import check_names
from videoserver.web.pagination import PARAMETERS
from videoserver.web.parsers import BoundedJSON
from videoserver.web.views import ApiViewSet, require_match

SHOWN = Storyboard.objects.select_related("owner").prefetch_related(
    "scenes", Prefetch("reviews", Review.objects.select_related("reviewer"))
)
"""A storyboard with all that is said about it, without a query for each."""
READ_ONLY = ("id", "clip")


class SceneSerializer(serializers.ModelSerializer[Scene]):
    """A scene as the storyboard document holds it, with its id and position."""

    id = serializers.UUIDField(read_only=True)
    duration = serializers.FloatField()
    narration = serializers.SerializerMethodField()
    clip = serializers.SerializerMethodField()

    class Meta:
        model = Scene
        fields = ["id", "position", "template", "duration", "params", "caption", "narration", "transition", "clip"]
        read_only_fields = fields

    def get_narration(self, scene: Scene) -> str | None:
        """The audio asset that is spoken over it."""
        return scene.narration or None

    @shaped(or_null(schema_of({"name": {"type": "string"}, "url": PATH})))
    def get_clip(self, scene: Scene) -> None:
        """Its own video, once scenes are stored one by one."""


def etag(storyboard: Storyboard) -> str:
    """What a write's If-Match is compared with."""
    return f'"r{storyboard.revision}"'


class SceneViews(ApiViewSet):
    """Scenes. Whose they are, and who may write them, is decided by their storyboard."""

    queryset = SHOWN
    serializer_class = SceneSerializer
    parser_classes = [BoundedJSON]
    orderings = ("position",)
    ordering = "position"

    @described(operation_id="scenes_list", responses=SceneSerializer(many=True))
    def scenes(self, request: Request, pk: str) -> Response:
        """The scenes in their order."""
        check_names(request, PARAMETERS)
        storyboard = self.get_object()
        page = self.paginate_queryset(Scene.objects.filter(storyboard=storyboard))
        answer = self.get_paginated_response(SceneSerializer(page, many=True).data)
        answer["ETag"] = etag(storyboard)
        return answer

    @described(operation_id="scenes_create", request=as_json(SCENE_AT), responses={201: SceneSerializer})
    def add(self, request: Request, pk: str) -> Response:
        """Append a scene, or insert it at `position`."""
        storyboard = self.storyboard()
        scene, position = self.sent()
        place = storyboard.scenes.count() if position is None else min(position, storyboard.scenes.count())
        write.add_scene(storyboard, self.author, scene, position)
        return self.answer(storyboard, storyboard.scenes.all()[place], 201)

    @described(operation_id="scenes_retrieve")
    def scene(self, request: Request, pk: str, scene: str) -> Response:
        """One scene."""
        storyboard = self.get_object()
        return self.answer(storyboard, self.one(storyboard))

    @described(operation_id="scenes_update", request=as_json(SCENE_AT))
    def replace(self, request: Request, pk: str, scene: str) -> Response:
        """Put another content into a scene, which keeps its id."""
        storyboard = self.storyboard()
        new, position = self.sent()
        write.replace_scene(storyboard, self.author, self.one(storyboard), new, position)
        return self.answer(storyboard, self.one(storyboard))

    @described(operation_id="scenes_partial_update", request=as_json(SCENE_PART))
    def change(self, request: Request, pk: str, scene: str) -> Response:
        """Change keys of a scene: `params` merge key by key (null removes one), `position` moves it."""
        storyboard = self.storyboard()
        changes, position = self.sent()
        if position is not None:
            changes["position"] = position
        write.change_scene(storyboard, self.author, self.one(storyboard), changes)
        return self.answer(storyboard, self.one(storyboard))

    @described(operation_id="scenes_destroy", responses={204: None})
    def remove(self, request: Request, pk: str, scene: str) -> Response:
        """Take a scene out."""
        storyboard = self.storyboard()
        write.remove_scene(storyboard, self.author, self.one(storyboard))
        return Response(status=204, headers={"ETag": etag(storyboard)})

    @property
    def author(self) -> Any:
        """Who writes."""
        return self.request.user

    def storyboard(self) -> Storyboard:
        """The storyboard of the path, of the revision that the caller read."""
        found: Storyboard = self.get_object()
        require_match(self.request, etag(found))
        return found

    def one(self, storyboard: Storyboard) -> Scene:
        """The scene of the path."""
        found = storyboard.scenes.filter(pk=self.kwargs["scene"]).first()
        if found is None:
            raise NotFound
        return found

    def sent(self) -> tuple[dict[str, Any], int | None]:
        """The scene that was sent, without what is only read, and the position that was named."""
        data: Any = self.request.data
        if not isinstance(data, dict):
            raise ValidationError("This must be an object.")
        scene = {name: value for name, value in data.items() if name not in READ_ONLY}
        position = scene.pop("position", None)
        if position is not None and (type(position) is not int or position < 0):
            raise ValidationError({"position": "This must be a whole number from 0."}, "invalid")
        return scene, position

    def answer(self, storyboard: Storyboard, scene: Scene, status: int = 200) -> Response:
        """A scene, with its storyboard's revision."""
        headers = {"ETag": etag(storyboard)}
        if status == 201:
            headers["Location"] = reverse("scene-detail", args=[storyboard.pk, scene.pk])
        return Response(SceneSerializer(scene).data, status=status, headers=headers)
