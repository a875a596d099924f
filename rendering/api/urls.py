"""Paths of the API under /api/v1/ that speak of storyboards and films."""

from typing import Any

from rendering.api.campaigns import CampaignViews
from rendering.api.direct import TemplateRender, TemplateStill
from rendering.api.jobs import JobViews
from rendering.api.scenes import SceneViews
from rendering.api.storyboards import StoryboardViews
from rendering.api.templates import TemplateList, TemplateView
from rendering.api.videos import VideoViews
from videoserver.web.routers import Router, route

router = Router()
router.register("campaigns", CampaignViews, "campaign")
router.register("storyboards", StoryboardViews, "storyboard")
router.register("jobs", JobViews, "job")

SCENES: dict[str, Any] = {"get": "scenes", "post": "add"}
SCENE: dict[str, Any] = {"get": "scene", "put": "replace", "patch": "change", "delete": "remove"}

urlpatterns = [
    *router.urls,
    route("storyboards/<uuid:pk>/scenes", SceneViews.as_view(SCENES, detail=True), name="scene-list"),
    route("storyboards/<uuid:pk>/scenes/<uuid:scene>", SceneViews.as_view(SCENE, detail=True), name="scene-detail"),
    route("videos/<uuid:job_id>/combined", VideoViews.as_view({"get": "combined"}, detail=True), name="video-combined"),
    route("videos/<uuid:job_id>/clips", VideoViews.as_view({"get": "clips"}, detail=True), name="video-clips"),
    route("videos/<uuid:job_id>/clips/<str:name>", VideoViews.as_view({"get": "clip"}, detail=True), name="video-clip"),
    route("videos/<uuid:job_id>/files", VideoViews.as_view({"get": "files"}, detail=True), name="video-files"),
    route("videos/<uuid:job_id>/files/<str:name>", VideoViews.as_view({"get": "file"}, detail=True), name="video-file"),
    route("templates", TemplateList.as_view(), name="template-list"),
    route("templates/<str:name>/render", TemplateRender.as_view(), name="template-render"),
    route("templates/<str:name>/still.jpg", TemplateStill.as_view(), name="template-still"),
    route("templates/<str:name>", TemplateView.as_view(), name="template-detail"),
]
