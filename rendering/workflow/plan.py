"""From a document and the facts of its assets to the Timeline: exact frames, captions, transitions and sound."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from rendering.engine import captions
from rendering.engine.segments import Encoding
from rendering.engine.timeline import Clip, Sound, TextLayer, Timeline, Transition, whole_frames
from rendering.video_templates import catalogue, mirror
from rendering.video_templates.base import AssetFacts, Brand, SceneFrame, Template
from rendering.video_templates.check import FieldError
from rendering.video_templates.fields import AssetType
from rendering.workflow.document import Document, DocumentInvalid, asset_references
from rendering.workflow.document_fields import SceneDocument
from rendering.workflow.frame_size import frame_rate, size

if TYPE_CHECKING:
    from media_assets.models import MediaAsset

SAYABLE = {"image": "an image", "video": "a video", "audio": "a sound"}
BURNED = {"burned", "both"}
SOFT_END = 0.05
"""Seconds over which a sound that is cut short fades, so that it does not click."""


def timeline(
    document: Document,
    assets: Mapping[str, AssetFacts],
    *,
    quality: str | None = None,
    width: int | None = None,
    height: int | None = None,
    aspect_ratio: str | None = None,
    only: Collection[int] | None = None,
) -> Timeline:
    """The film of a checked document; `assets` has the facts of each reference. DocumentInvalid names what it lacks.

    With `only` the pictures of other scenes stay empty: a still needs one or two of 500.
    """
    if errors := asset_errors(document, assets):
        raise DocumentInvalid(errors)
    across, down = size(document, quality, width, height, aspect_ratio)
    fps = frame_rate(document["fps"], quality or document["quality"])
    scenes = document["scenes"]
    frames = [whole_frames(scene["duration"], fps) for scene in scenes]
    ways_in = overlaps(scenes, frames, fps)
    brand = Brand(**document["brand"])
    clips: list[Clip] = []
    sounds: list[tuple[int, Sound]] = []
    for at, scene in enumerate(scenes):
        captioned = bool(scene["caption"]) and document["captions"] in BURNED
        way_out = ways_in[at + 1].frames if at + 1 < len(scenes) else 0
        place = SceneFrame(across, down, fps, frames[at], ways_in[at].frames, captioned, brand, assets, way_out)
        if only is not None and at not in only:
            clips.append(Clip(frames[at], (), transition=ways_in[at]))
            continue
        template = catalogue.get(scene["template"])(scene["params"])
        clip = named(laid_out(template, place), scene["params"])
        clips.append(replace(clip, transition=ways_in[at]))
        sounds += [(at, sound) for sound in template.sounds(place)]
    film = Timeline(across, down, fps, tuple(clips), loudness_lufs=document["loudness_lufs"])
    film = replace(film, audio=(*music(document, assets), *voices(film, scenes, assets), *footage(film, sounds)))
    if document["captions"] in BURNED:
        film = captions.burned(film, [scene["caption"] for scene in scenes], brand.font)
    return film


def moment(document: Document, seconds: float) -> tuple[int, set[int]]:
    """The frame that is seen at this time, the last one after the end, and the scenes that are seen in it."""
    fps = frame_rate(document["fps"], document["quality"])
    scenes = document["scenes"]
    frames = [whole_frames(scene["duration"], fps) for scene in scenes]
    clips = [
        Clip(length, (), transition=way) for length, way in zip(frames, overlaps(scenes, frames, fps), strict=True)
    ]
    bare = Timeline(0, 0, fps, tuple(clips))
    frame = min(max(0, int(seconds * fps + 1e-6)), bare.frames - 1)
    return frame, {
        at
        for at, (clip, first) in enumerate(zip(clips, bare.starts, strict=True))
        if first <= frame < first + clip.frames
    }


def laid_out(template: Template, place: SceneFrame) -> Clip:
    """The template's own layers, in its readers' direction."""
    clip = template.clip(place)
    if template.turns and mirror.runs_to_the_left(template.fields, template.values):
        return mirror.mirrored(clip, place.width)
    return clip


def named(clip: Clip, params: Mapping[str, Any]) -> Clip:
    """Its texts called by the parameters that they show: a warning says which one had to be cut."""
    names = dict(leaves(params))
    layers = (
        replace(layer, role=names.get(layer.text, "")) if isinstance(layer, TextLayer) and not layer.role else layer
        for layer in clip.layers
    )
    return replace(clip, layers=tuple(layers))


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text in the parameters, and what it is called."""
    if isinstance(value, str):
        yield value, name.replace("_", " ")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, key)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner, name)


def facts(asset: MediaAsset) -> AssetFacts:
    """What a plan must know of a stored asset."""
    probed = asset.file_metadata
    return AssetFacts(
        sha256=asset.checksum,
        type=cast(AssetType, asset.type),
        width=probed.get("width") or 0,
        height=probed.get("height") or 0,
        duration=probed.get("duration") or 0.0,
        has_audio=probed.get("has_audio", asset.type == "audio"),
    )


def encoding(preset: str, crf: int) -> Encoding:
    """The encoder's settings as the server has them."""
    return Encoding(preset=preset, crf=crf)


def asset_errors(document: Document, assets: Mapping[str, AssetFacts]) -> list[FieldError]:
    """References that name nothing, or something of another type."""
    errors = []
    for reference in asset_references(document):
        facts = assets.get(reference.asset)
        if facts is None:
            errors.append(FieldError(reference.pointer, "asset_not_found", f"There is no asset {reference.asset!r}."))
        elif facts.type != reference.type:
            detail = f"This must be {SAYABLE[reference.type]}, but it is {SAYABLE[facts.type]}."
            errors.append(FieldError(reference.pointer, "unexpected_type", detail))
    return errors


def overlaps(scenes: Sequence[SceneDocument], frames: Sequence[int], fps: int) -> list[Transition]:
    """The way into each scene. A lower frame rate than the document's may round two of them up: the later gives way."""
    ways: list[Transition] = []
    for at, scene in enumerate(scenes):
        wanted = scene["transition"]
        if not at or not wanted or wanted["kind"] == "cut":
            ways.append(Transition())
            continue
        room = min(frames[at - 1] - ways[-1].frames, frames[at])
        overlap = min(whole_frames(wanted["duration"], fps), room)
        ways.append(Transition(wanted["kind"], overlap) if overlap > 0 else Transition())
    return ways


def music(document: Document, assets: Mapping[str, AssetFacts]) -> tuple[Sound, ...]:
    """The soundtrack: as long as the film, out of the way of voices."""
    soundtrack = document["soundtrack"]
    if not soundtrack:
        return ()
    return (
        Sound(
            asset=assets[soundtrack["asset"]].sha256,
            role="music",
            volume_db=soundtrack["volume_db"],
            duck_db=soundtrack["duck_db"],
            fade_out=soundtrack["fade_out"],
            loop=True,
        ),
    )


def voices(film: Timeline, scenes: Sequence[SceneDocument], assets: Mapping[str, AssetFacts]) -> list[Sound]:
    """Each narration from its scene's first full frame on, and until the next one begins."""
    spoken = [
        (assets[scene["narration"]], (start + clip.transition.frames) / film.fps)
        for scene, clip, start in zip(scenes, film.video, film.starts, strict=True)
        if scene["narration"]
    ]
    found = []
    for number, (facts, at) in enumerate(spoken, 1):
        end = spoken[number][1] if number < len(spoken) else film.duration
        cut_short = facts.duration > end - at
        if end > at:
            length = end - at if cut_short or not facts.duration else facts.duration
            fade_out = SOFT_END if cut_short else 0.0
            found.append(Sound(asset=facts.sha256, role="voice", at=at, duration=length, fade_out=fade_out))
    return found


def footage(film: Timeline, sounds: Sequence[tuple[int, Sound]]) -> list[Sound]:
    """The scenes' own sounds at their place in the film, faded as long as the pictures overlap."""
    found = []
    for at, sound in sounds:
        clip, start = film.video[at], film.starts[at] / film.fps
        after = film.video[at + 1].transition.frames if at + 1 < len(film.video) else 0
        length = clip.frames / film.fps - sound.at
        length = min(length, sound.duration) if sound.duration is not None else length
        way_in = clip.transition.frames / film.fps if not sound.at else 0.0
        way_out = max(SOFT_END, after / film.fps)
        found.append(
            replace(
                sound,
                at=start + sound.at,
                duration=length,
                fade_in=max(sound.fade_in, min(way_in, length / 2)),
                fade_out=max(sound.fade_out, min(way_out, length / 2)),
            )
        )
    return found
