"""Writing storyboards: every change of content, whichever door it came through, is one new revision made here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from media_assets.models import MediaAsset
from rendering.exceptions import CampaignNotFound, NotRenderable, Outdated, RenderingError
from rendering.models import CONTENT_FIELDS, AssetUse, Campaign, Scene, Storyboard
from rendering.workflow import assets
from rendering.workflow import document as documents


def create(owner: User, document: Mapping[str, Any]) -> Storyboard:
    """A new draft. Raises DocumentInvalid with every error and its place."""
    valid = documents.validate(document)
    with transaction.atomic():
        storyboard = Storyboard(owner=owner, last_editor=owner, **fields(valid, owner))
        used = assets.resolve(valid, owner)
        storyboard.save(force_insert=True)
        write_scenes(storyboard, valid["scenes"], used)
    return storyboard


def rewrite(
    storyboard: Storyboard, editor: User, document: Mapping[str, Any], revision: int | None = None
) -> Storyboard:
    """Replace the whole content. Scenes that come with their id keep it; the same content makes no new revision.

    Raises Outdated when somebody wrote since `revision` (the storyboard's as loaded, unless given).
    """
    valid = documents.validate(document)
    used = assets.resolve(valid, storyboard.owner)
    values = fields(valid, storyboard.owner)
    base = storyboard.revision if revision is None else revision
    if (
        values["content_hash"] == storyboard.content_hash
        and same_order(storyboard, valid)
        and base == storyboard.revision
    ):
        return write_labels(storyboard, values)
    with transaction.atomic():
        storyboard.begin_edit(editor, base, **values)
        write_scenes(storyboard, valid["scenes"], used)
    return storyboard


def add_scene(
    storyboard: Storyboard, editor: User, scene: Mapping[str, Any], position: int | None = None
) -> Storyboard:
    """Append a scene, or insert it at `position` (from 0). Errors point into the scene."""
    documents.validate_scene(scene)
    document = storyboard.document()
    at = len(document["scenes"]) if position is None else min(position, len(document["scenes"]))
    document["scenes"].insert(at, dict(scene))
    with pointing_into(at):
        return rewrite(storyboard, editor, document)


def change_scene(storyboard: Storyboard, editor: User, scene: Scene, changes: Mapping[str, Any]) -> Storyboard:
    """Change keys of one scene: `params` merge key by key (null removes one), `position` moves it."""
    document = storyboard.document()
    scenes: list[dict[str, Any]] = document["scenes"]
    changed = next((item for item in scenes if item["id"] == str(scene.pk)), None)
    if changed is None:
        raise Outdated()
    changes = dict(changes)
    position = changes.pop("position", None)
    if isinstance(changes.get("params"), dict):
        merged = changed["params"] | changes["params"]
        changes["params"] = {name: value for name, value in merged.items() if value is not None}
    changed.update(changes)
    if position is not None:
        scenes.remove(changed)
        scenes.insert(min(int(position), len(scenes)), changed)
    with pointing_into(scenes.index(changed)):
        return rewrite(storyboard, editor, document)


def remove_scene(storyboard: Storyboard, editor: User, scene: Scene) -> Storyboard:
    document = storyboard.document()
    document["scenes"] = [item for item in document["scenes"] if item["id"] != str(scene.pk)]
    return rewrite(storyboard, editor, document)


def replace_scene(
    storyboard: Storyboard, editor: User, scene: Scene, new: Mapping[str, Any], position: int | None = None
) -> Storyboard:
    """Put another content into a scene, which keeps its id, and its place unless `position` says another."""
    documents.validate_scene(new)
    document = storyboard.document()
    scenes: list[dict[str, Any]] = [item for item in document["scenes"] if item["id"] != str(scene.pk)]
    at = min(scene.position if position is None else position, len(scenes))
    scenes.insert(at, {**new, "id": str(scene.pk)})
    with pointing_into(at):
        return rewrite(storyboard, editor, document | {"scenes": scenes})


@contextmanager
def pointing_into(at: int) -> Iterator[None]:
    """Who sent one scene reads where in it the error is; what is wrong beside it has no place there."""
    place = f"/scenes/{at}/"
    try:
        yield
    except RenderingError as error:
        for each in error.errors:
            inside = each["pointer"].startswith(place)
            each["pointer"] = each["pointer"].removeprefix(place[:-1]) if inside else ""
        raise


def duplicate(storyboard: Storyboard, owner: User) -> Storyboard:
    """A draft with the same content that belongs to `owner`."""
    document = storyboard.document()
    for scene in document["scenes"]:
        del scene["id"]
    return create(owner, document | {"title": f"{storyboard.title} (copy)"[:200]})


def require_renderable(storyboard: Storyboard) -> dict[str, MediaAsset]:
    """Raise, with every place, what would stop a render; else the assets it uses, by id."""
    return renderable(storyboard)[1]


def renderable(storyboard: Storyboard) -> tuple[documents.Document, dict[str, MediaAsset]]:
    """The storyboard's document, checked for a render, and the assets it uses, by id; raises what would stop one."""
    document = storyboard.document()
    try:
        valid = documents.validate(document, for_render=True)
    except documents.DocumentInvalid as error:
        raise NotRenderable(error.errors, error.total) from error
    return valid, assets.resolve(document, storyboard.owner, ready=True)


def fields(valid: Mapping[str, Any], owner: User) -> dict[str, Any]:
    """The storyboard's own columns out of a valid document."""
    campaign = None
    if valid.get("campaign"):
        campaign = Campaign.objects.for_user(owner).filter(pk=valid["campaign"]).first()
        if campaign is None:
            raise CampaignNotFound(pointer="/campaign")
    return {
        "title": valid["title"],
        "campaign": campaign,
        "metadata": valid["metadata"],
        "content_hash": documents.content_hash(valid),
        **{name: valid.get(name) for name in CONTENT_FIELDS},
    }


def write_labels(storyboard: Storyboard, values: Mapping[str, Any]) -> Storyboard:
    """Campaign and metadata are no content: they change without a new revision."""
    storyboard.campaign, storyboard.metadata = values["campaign"], values["metadata"]
    storyboard.save(update_fields=["campaign", "metadata", "updated_at"])
    return storyboard


def same_order(storyboard: Storyboard, valid: Mapping[str, Any]) -> bool:
    """Whether the scenes are the very rows that are there: equal content may have swapped its ids."""
    sent = [scene.get("id") for scene in valid["scenes"]]
    return sent in ([str(scene.pk) for scene in storyboard.scenes.all()], [None] * storyboard.scenes.count())


def write_scenes(storyboard: Storyboard, scenes: list[dict[str, Any]], used: Mapping[str, MediaAsset]) -> None:
    """Replace the scenes' rows and the rows that say which assets are in use."""
    kept = {str(scene.pk) for scene in storyboard.scenes.all()} & {str(scene.get("id")) for scene in scenes}
    storyboard.asset_uses.all().delete()
    storyboard.scenes.all().delete()
    rows = []
    for position, scene in enumerate(scenes):
        row = Scene(
            storyboard=storyboard,
            position=position,
            template=scene["template"],
            duration=scene["duration"],
            params=scene["params"],
            caption=scene["caption"],
            narration=scene["narration"] or "",
            transition=scene["transition"],
        )
        if scene.get("id") in kept:
            row.pk = assets.as_uuid(scene["id"])
            kept.discard(scene["id"])
        rows.append(row)
    Scene.objects.bulk_create(rows)
    AssetUse.objects.bulk_create(
        AssetUse(
            storyboard=storyboard,
            scene=scene_of(reference.pointer, rows),
            asset=used[reference.asset],
            role=reference.role,
        )
        for reference in documents.asset_references(storyboard.document())
    )


def scene_of(pointer: str, rows: list[Scene]) -> Scene | None:
    """The scene under whose pointer (`/scenes/3/params/image`) an asset is named; None for the storyboard's own."""
    match pointer.split("/"):
        case ["", "scenes", number, *_]:
            return rows[int(number)]
    return None
