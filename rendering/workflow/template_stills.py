"""One frame of a template by itself: for the API's still and the contact sheet. Missing assets are drawn."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from media_assets import ingest
from rendering.engine import launch
from rendering.engine.timeline import ImageLayer, Layer, Timeline, VideoLayer
from rendering.providers.local import art
from rendering.video_templates import samples
from rendering.video_templates.base import AssetFacts, Template
from rendering.video_templates.fields import Asset
from rendering.workflow import assets, direct, plan, still_cache
from rendering.workflow import document as documents
from rendering.workflow.document import Document
from rendering.workflow.film import AssetFile, facts_of, paths_of
from rendering.workflow.still_cache import DEADLINE, Still

PLACEHOLDER = (1280, 720)
KEPT = 24
SETTLED = 0.6
"""Part of a scene after which everything has come and nothing leaves yet."""


def of(
    template: type[Template],
    owner: User,
    params: Any = None,
    seconds: float | None = None,
    *,
    aspect_ratio: str = "16:9",
    quality: str = "720p",
    duration: float | None = None,
    color: str | None = None,
    width: int | None = None,
) -> Still:
    """A still of the template with these parameters, or with samples. Raises OrderInvalid, AssetNotFound, …"""
    if params is None:
        params = samples.of(template, "short")
    elif isinstance(params, dict):
        params = with_placeholders(template, params)
    order = {"params": params, "aspect_ratio": aspect_ratio, "quality": quality, "duration": duration}
    document, _ = direct.read(template, {**order, "brand": {"color": color} if color else None}, {})
    with direct.pointed():
        used = assets.resolve(without_samples(document), owner, ready=True)
    drawn_ones = sketches(document)
    facts = {name: sketch.facts for name, sketch in drawn_ones.items()}
    facts |= {name: plan.facts(asset) for name, asset in used.items()}
    timeline, frame = framed(document, facts, seconds)
    by_hash = {asset.checksum: asset for asset in used.values()}
    sketched = {sketch.facts.sha256: sketch for sketch in drawn_ones.values()}

    def fetch(needed: frozenset[str], folder: Path) -> Mapping[str, Path]:
        files = {sha256: sketched[sha256].write(folder) for sha256 in needed if sha256 in sketched}
        return files | {sha256: ingest.fetch(by_hash[sha256], folder) for sha256 in needed if sha256 not in files}

    return still_cache.planned(timeline, frame, width, fetch)


def without_samples(document: Document) -> Document:
    """The document with nothing where a placeholder will be: they are nobody's assets."""

    def emptied(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: emptied(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [emptied(inner) for inner in value]
        return "" if isinstance(value, str) and value.startswith(samples.PREFIX) else value

    scenes = [{**scene, "params": emptied(scene["params"])} for scene in document["scenes"]]
    return {**document, "scenes": scenes}


def with_placeholders(template: type[Template], params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with something to see in each required asset that is missing."""
    words = samples.of(template, "missing")
    lacking = {
        name: words[name]
        for name, field in template.fields.items()
        if isinstance(field, Asset) and field.required and not params.get(name)
    }
    return {**params, **lacking}


@dataclass(frozen=True)
class Sketch:
    """A picture that stands for an asset which nobody has given."""

    data: bytes
    facts: AssetFacts

    def write(self, folder: Path) -> Path:
        path = folder / f"{self.facts.sha256}.jpg"
        path.write_bytes(self.data)
        return path


def sketches(document: Document) -> dict[str, Sketch]:
    """A drawn picture for each reference that asks for one."""
    found = {}
    for use in documents.asset_references(document):
        if use.asset.startswith(samples.PREFIX):
            data = drawn(use.asset.removeprefix(samples.PREFIX))
            facts = AssetFacts(hashlib.sha256(data).hexdigest(), use.type, *PLACEHOLDER, duration=5.0)
            found[use.asset] = Sketch(data, facts)
    return found


def placeholders(document: Document, folder: Path) -> dict[str, AssetFile]:
    """The same as files."""
    return {name: AssetFile(sketch.write(folder), sketch.facts) for name, sketch in sketches(document).items()}


@lru_cache(maxsize=KEPT)
def drawn(words: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "placeholder.jpg"
        art.draw(words, *PLACEHOLDER, path)
        return path.read_bytes()


def draw(
    document: Document,
    files: Mapping[str, AssetFile],
    output: Path,
    *,
    seconds: float | None = None,
    moviepy_layers: Sequence[str] = (),
) -> None:
    """The frame of a document at a time, or when everything is there, as a JPEG."""
    timeline, frame = framed(document, facts_of(files), seconds)
    launch.still(timeline, frame, paths_of(files), output, moviepy_layers=moviepy_layers, deadline=DEADLINE)


def framed(document: Document, facts: Mapping[str, AssetFacts], seconds: float | None) -> tuple[Timeline, int]:
    """The film, and its frame at a time or when everything is there."""
    timeline = still_videos(plan.timeline(document, facts), facts)
    at = int(seconds * timeline.fps + 1e-6) if seconds is not None else int(SETTLED * timeline.frames)
    return timeline, min(max(0, at), timeline.frames - 1)


def still_videos(timeline: Timeline, facts: Mapping[str, AssetFacts]) -> Timeline:
    """Placeholders of videos are pictures."""
    pictures = {each.sha256 for name, each in facts.items() if name.startswith(samples.PREFIX)}

    def shown(layer: Layer) -> Layer:
        if not isinstance(layer, VideoLayer) or layer.asset not in pictures:
            return layer
        kept = {name: getattr(layer, name) for name in Layer.__dataclass_fields__}
        return ImageLayer(**kept, asset=layer.asset, box=layer.box, fit=layer.fit, backdrop=layer.backdrop)

    clips = (replace(clip, layers=tuple(map(shown, clip.layers))) for clip in timeline.video)
    return replace(timeline, video=tuple(clips))
