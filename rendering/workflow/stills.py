"""One frame of a stored storyboard, made while somebody waits, and kept by its content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from media_assets import ingest
from rendering.models import Storyboard
from rendering.workflow import plan, still_cache, write
from rendering.workflow.still_cache import Still


def of(storyboard: Storyboard, seconds: float, width: int | None = None) -> Still:
    """The still that is seen at this time; after the end it is the last frame. Raises what would stop a render."""
    document, used = write.renderable(storyboard)
    facts = {name: plan.facts(asset) for name, asset in used.items()}
    frame, scenes = plan.moment(document, seconds)
    timeline = plan.timeline(document, facts, only=scenes)
    by_hash = {asset.checksum: asset for asset in used.values()}

    def fetch(needed: frozenset[str], folder: Path) -> Mapping[str, Path]:
        return {checksum: ingest.fetch(by_hash[checksum], folder) for checksum in needed}

    return still_cache.planned(timeline, frame, width, fetch)
