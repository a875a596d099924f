"""The storyboard document: checked whole, every error at once, with the place and a sentence for each. No models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rendering.engine.timeline import whole_frames
from rendering.exceptions import RenderingError
from rendering.video_templates import catalogue
from rendering.video_templates.check import Check, FieldError, OnError, Tally, kind, step
from rendering.video_templates.fields import Asset, AssetType, Field
from rendering.video_templates.groups import Group, ListOf, clean_fields
from rendering.workflow.document_fields import FIELDS, MOST_SCENES, SCENE_FIELDS, Document, SceneDocument
from rendering.workflow.frame_size import frame_rate, size

__all__ = [
    "Document",
    "DocumentInvalid",
    "asset_references",
    "content_hash",
    "duration",
    "size",
    "validate",
    "validate_scene",
]
READ_ONLY = frozenset({"id", "owner", "status", "revision", "content_hash", "approval", "duration"}) | frozenset(
    {"estimated_cost", "currency", "created_at", "updated_at", "urls"}
)
SCENE_READ_ONLY = frozenset({"position", "clip"})
NOT_CONTENT = frozenset({"campaign", "metadata"})


class DocumentInvalid(RenderingError):
    """The document cannot be used; `errors` says why, each with a pointer, a code and a sentence."""

    code, status, sentence = "validation_error", 400, "The storyboard document is not valid."

    def __init__(self, errors: list[FieldError], total: int = 0) -> None:
        """`errors` are the first of `total`, or all of them."""
        total = total or len(errors)
        only = errors[0].detail if total == 1 else f"{total} things are wrong with the storyboard document."
        super().__init__(only, errors=[error.as_dict() for error in errors], total=total)


class AssetReference(NamedTuple):
    """One use of an asset by a document."""

    pointer: str
    asset: str
    role: str
    """What it is used as: the parameter (image, steps.0.image), narration, soundtrack or brand.logo."""
    type: AssetType


def validate(document: Any, *, for_render: bool = False, on_error: OnError | None = None) -> Document:
    """The document with its defaults, or DocumentInvalid with the first errors and how many there are; `on_error` is
    told of each. Drafts may lack scenes and assets."""
    check = Check([], for_render, tally=Tally(on_error=on_error))
    cleaned = clean_fields(FIELDS, document, "", check, frozenset({"scenes"}), READ_ONLY)
    if isinstance(document, dict):
        if (document.get("width") is None) != (document.get("height") is None):
            lacking = "height" if document.get("height") is None else "width"
            check.fail(f"/{lacking}", "required", "Width and height go together.")
        cleaned["scenes"] = _scenes(document.get("scenes"), cleaned, check)
    if check.errors:
        raise DocumentInvalid(check.errors, check.tally.total)
    return cleaned


def validate_scene(scene: Any, *, number: int = 1, pointer: str = "", for_render: bool = False) -> SceneDocument:
    """One scene by itself; its neighbours are not looked at, so validate the whole document before it is saved."""
    check = Check([], for_render)
    cleaned = _scene(scene, number - 1, pointer, check)
    if check.errors:
        raise DocumentInvalid(check.errors, check.tally.total)
    return cleaned


def asset_references(document: Mapping[str, Any]) -> list[AssetReference]:
    """Every use of an asset by a document that was checked once, in its order."""
    brand, soundtrack = document.get("brand") or {}, document.get("soundtrack") or {}
    found = [
        AssetReference("/brand/logo", brand.get("logo", ""), "brand.logo", "image"),
        AssetReference("/soundtrack/asset", soundtrack.get("asset", ""), "soundtrack", "audio"),
    ]
    for at, scene in enumerate(document["scenes"]):
        fields = catalogue.get(scene["template"]).fields
        for name, field in fields.items():
            found.extend(_uses(field, scene["params"].get(name), f"/scenes/{at}/params/{name}", name))
        found.append(AssetReference(f"/scenes/{at}/narration", scene.get("narration"), "narration", "audio"))
    return [reference for reference in found if reference.asset]


def content_hash(document: Mapping[str, Any]) -> str:
    """sha256 of what the film is made of: not of campaign, metadata and ids. Takes a checked document."""
    content: dict[str, Any] = {
        key: value for key, value in document.items() if key in FIELDS and key not in NOT_CONTENT
    }
    content["scenes"] = [{k: v for k, v in scene.items() if k != "id"} for scene in document["scenes"]]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def duration(document: Mapping[str, Any]) -> float:
    """Seconds of the film of a document that was checked once, exact to the frame."""
    fps = frame_rate(document["fps"], document["quality"])
    frames = 0
    for at, scene in enumerate(document["scenes"]):
        transition = scene.get("transition") if at else None
        frames += whole_frames(scene["duration"], fps)
        frames -= whole_frames(transition["duration"], fps) if transition else 0
    return frames / fps


def _scenes(scenes: Any, document: dict[str, Any], check: Check) -> list[SceneDocument]:
    pointer = "/scenes"
    if scenes is None:
        code = "no_scenes" if check.for_render else "required"
        check.fail(pointer, code, "No storyboard data available" if check.for_render else "This is required.")
        return []
    if not isinstance(scenes, list):
        check.fail(pointer, "invalid", f"This must be a list, not {kind(scenes)}.")
        return []
    if not scenes and check.for_render:
        check.fail(pointer, "no_scenes", "No storyboard data available")
    if len(scenes) > MOST_SCENES:
        check.fail(pointer, "max_length", f"A storyboard has at most {MOST_SCENES} scenes, but this has {len(scenes)}.")
    cleaned = [_scene(scene, at, step(pointer, at), check) for at, scene in enumerate(scenes[:MOST_SCENES])]
    _check_overlaps(cleaned, frame_rate(document["fps"], document["quality"]), check)
    return cleaned


def _scene(scene: Any, at: int, pointer: str, check: Check) -> SceneDocument:
    check = check.of_scene(at + 1)
    cleaned = clean_fields(SCENE_FIELDS, scene, pointer, check, frozenset({"params"}), SCENE_READ_ONLY)
    if cleaned["id"] is None:
        del cleaned["id"]
    cleaned["params"] = {}
    if isinstance(scene, dict) and cleaned["template"]:
        params = scene.get("params")
        try:
            template = catalogue.get(cleaned["template"])
        except catalogue.UnknownTemplate as error:
            check.fail(step(pointer, "template"), error.code, str(error))
        else:
            cleaned["template"] = template.template
            cleaned["params"] = template.clean({} if params is None else params, step(pointer, "params"), check)
    transition = cleaned["transition"]
    if transition and transition["kind"] == "cut":
        cleaned["transition"] = transition = None
    if transition and at == 0 and pointer:
        check.fail(step(pointer, "transition"), "invalid", "The first scene has nothing before it to come from.")
    return cleaned


def _check_overlaps(scenes: list[SceneDocument], fps: int, check: Check) -> None:
    """Three scenes are never on the screen at once."""
    ways_in = [whole_frames(scene["transition"]["duration"], fps) if scene["transition"] else 0 for scene in scenes]
    for at, scene in enumerate(scenes):
        frames = whole_frames(scene["duration"], fps)
        way_in, way_out = ways_in[at] if at else 0, ways_in[at + 1] if at + 1 < len(scenes) else 0
        for place, overlap in ((at, way_in), (at + 1, way_out)):
            if overlap > frames:
                _overlap_error(
                    check, place, f"This transition is longer than scene {at + 1}, which lasts {scene['duration']:g} s."
                )
        if way_in + way_out > frames >= max(way_in, way_out):
            detail = (
                f"The transitions into and out of scene {at + 1} are together longer than its {scene['duration']:g} s."
            )
            _overlap_error(check, at, detail)


def _overlap_error(check: Check, at: int, detail: str) -> None:
    pointer = f"/scenes/{at}/transition/duration"
    if all(error.pointer != pointer for error in check.errors):
        check.fail(pointer, "max_value", detail)


def _uses(field: Field[Any], value: Any, pointer: str, role: str) -> Iterator[AssetReference]:
    if isinstance(field, Asset):
        yield AssetReference(pointer, value, role, field.type)
    elif isinstance(field, Group) and value:
        for name, inner in field.fields.items():
            yield from _uses(inner, value.get(name), step(pointer, name), f"{role}.{name}")
    elif isinstance(field, ListOf):
        for at, item in enumerate(value or ()):
            yield from _uses(field.item, item, step(pointer, at), f"{role}.{at}")
