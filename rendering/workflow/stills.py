"""One frame of a stored storyboard, made while somebody waits, and kept for a while."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.core.cache import cache

from media_assets import ingest
from rendering.engine import launch
from rendering.engine.segments import one
from rendering.exceptions import StillFailed
from rendering.models import Storyboard
from rendering.workflow import document as documents
from rendering.workflow import plan, write
from videoserver.work import workspace
from videoserver.work.sandbox import ChildFailed

logger = structlog.get_logger(__name__)

KEPT_SECONDS = 300
LARGEST_KEPT = 2 * 1024**2
DEADLINE = 30


def of(storyboard: Storyboard, seconds: float) -> bytes:
    """The JPEG that is seen at this time; after the end it is the last frame."""
    used = write.require_renderable(storyboard)
    facts = {name: plan.facts(asset) for name, asset in used.items()}
    timeline = plan.timeline(documents.validate(storyboard.document(), for_render=True), facts)
    frame = min(int(seconds * timeline.fps + 1e-6), timeline.frames - 1)
    spec, _ = one(timeline, frame)
    kept_as = f"still:{spec.key}:{frame - spec.first}"
    if kept := cache.get(kept_as):
        return bytes(kept)
    by_hash = {asset.checksum: asset for asset in used.values()}
    with workspace.scratch("still") as folder:
        output = folder / "still.jpg"
        files = {checksum: ingest.fetch(by_hash[checksum], folder) for checksum in spec.assets}
        try:
            launch.still(timeline, frame, files, output, moviepy_layers=settings.MOVIEPY_LAYERS, deadline=DEADLINE)
        except ChildFailed as error:
            logger.error("A still failed", storyboard=str(storyboard.pk), code=error.code, detail=error.detail)
            raise StillFailed() from error
        picture = output.read_bytes()
    if len(picture) <= LARGEST_KEPT:
        cache.set(kept_as, picture, KEPT_SECONDS)
    return picture
