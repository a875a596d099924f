"""The asset picker of the storyboard's editor: the owner's library by name and thumbnail, and a way to add to it."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from media_assets import ingest
from media_assets.exceptions import MediaError
from media_assets.models import AssetType, MediaAsset
from rendering.models import Storyboard
from rendering.workflow import assets

MOST_SHOWN = 60


@require_http_methods(["GET", "POST"])
def library(request: HttpRequest, pk: Any = None) -> JsonResponse:
    """GET: the newest assets of a `type` whose name holds `search`, or those whose `id` is asked for. POST: upload.

    They are those of the storyboard's owner, whoever edits it; of a new storyboard, the editor's own.
    """
    if not request.user.has_perm("rendering.change_storyboard" if pk else "rendering.add_storyboard"):
        raise PermissionDenied
    owner = get_object_or_404(Storyboard, pk=pk).owner if pk else cast(User, request.user)
    if request.method == "POST":
        return take_in(request, owner)
    asked = request.GET
    found = MediaAsset.objects.for_user(owner).ready()
    if ids := asked.getlist("id"):
        found = found.filter(pk__in=[parsed for text in ids if (parsed := assets.as_uuid(text))])
    else:
        found = found.filter(type=asked.get("type", AssetType.IMAGE), name__icontains=asked.get("search", ""))
    return JsonResponse({"assets": [described(asset) for asset in found[:MOST_SHOWN]]})


def take_in(request: HttpRequest, owner: User) -> JsonResponse:
    if not request.user.has_perm("media_assets.add_mediaasset"):
        raise PermissionDenied
    file = request.FILES.get("file")
    if file is None:
        return JsonResponse({"detail": "There is no file."}, status=400)
    try:
        asset = ingest.upload(file, owner)
    except MediaError as error:
        return JsonResponse({"detail": error.detail}, status=422)
    return JsonResponse({"assets": [described(asset)]}, status=201)


def described(asset: MediaAsset) -> dict[str, Any]:
    return {"id": str(asset.pk), "name": asset.name, "type": asset.type, "thumbnail": asset.thumbnail_url}
