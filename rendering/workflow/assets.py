"""Which assets a document names, and whether its owner may use them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import structlog
from django.contrib.auth.models import User

from media_assets.models import AssetState, MediaAsset
from rendering.exceptions import AssetNotFound, AssetNotReady
from rendering.video_templates.check import FieldError, OnError
from rendering.workflow import document as documents

logger = structlog.get_logger(__name__)

ANIMATION = "image/gif"
"""What our own previews are; uploads of it are refused."""


def resolve(
    document: Mapping[str, Any], owner: User, *, ready: bool = False, on_error: OnError | None = None
) -> dict[str, MediaAsset]:
    """Id → asset for every reference of the document.

    Raises AssetNotFound, with every place, for an id that is not one of the owner's assets or not of the kind that
    the place needs (previews that move are none), and with `ready` AssetNotReady for those whose bytes are not there;
    `on_error` is told of each.
    """
    references = documents.asset_references(document)
    ids = {parsed for reference in references if (parsed := as_uuid(reference.asset))}
    found = {str(asset.pk): asset for asset in MediaAsset.objects.for_user(owner).alive().filter(pk__in=ids)}
    missing = [
        problem(reference.pointer, "asset_not_found", f"There is no {reference.type} asset {reference.asset}.")
        for reference in references
        if (asset := found.get(str(as_uuid(reference.asset)))) is None or asset.type != reference.type
    ]
    missing += [
        problem(
            reference.pointer, "unexpected_type", f"The asset {reference.asset} is an animation, not a still picture."
        )
        for reference in references
        if (asset := found.get(str(as_uuid(reference.asset)))) and asset.content_type == ANIMATION
    ]
    told(missing, on_error)
    if missing:
        raise AssetNotFound(errors=missing)
    unready = [
        problem(reference.pointer, "asset_not_ready", f"The asset {reference.asset} is {asset.status}.")
        for reference in references
        if ready and (asset := found[str(as_uuid(reference.asset))]).status != AssetState.READY
    ]
    told(unready, on_error)
    if unready:
        raise AssetNotReady(errors=unready)
    return {reference.asset: found[str(as_uuid(reference.asset))] for reference in references}


def told(errors: list[dict[str, str]], on_error: OnError | None) -> None:
    if on_error:
        for error in errors:
            on_error(FieldError(**error))


def as_uuid(text: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None


def problem(pointer: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "code": code, "detail": detail}
