"""A film's document and files out of a stored storyboard: the same pair as a file gives."""

from __future__ import annotations

from pathlib import Path

from media_assets import ingest
from rendering.models import Storyboard
from rendering.video_templates.check import OnError
from rendering.workflow import assets, plan
from rendering.workflow import document as documents
from rendering.workflow.document import Document
from rendering.workflow.film import AssetFile


def from_storyboard(
    storyboard_id: str, workspace: Path, on_error: OnError | None = None
) -> tuple[Document, dict[str, AssetFile]]:
    """The storyboard's checked document, and its assets fetched into the workspace. Raises Storyboard.DoesNotExist,
    and what makes it unusable; `on_error` is told of each error, however many there are."""
    storyboard = Storyboard.objects.get(pk=storyboard_id)
    document = documents.validate(storyboard.document(), for_render=True, on_error=on_error)
    used = assets.resolve(document, storyboard.owner, ready=True, on_error=on_error)
    paths = {asset.checksum: ingest.fetch(asset, workspace) for asset in used.values()}
    return document, {name: AssetFile(paths[asset.checksum], plan.facts(asset)) for name, asset in used.items()}
