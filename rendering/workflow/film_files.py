"""A film's document and files out of a JSON file, with its assets beside it. Opens no database."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import cast

from PIL import Image, UnidentifiedImageError

from media_assets.av.sniff import sniff
from media_assets.exceptions import MediaError, ProcessingFailed
from rendering.video_templates.base import AssetFacts
from rendering.video_templates.check import FieldError, OnError
from rendering.video_templates.fields import AssetType
from rendering.workflow import document as documents
from rendering.workflow.document import Document, DocumentInvalid
from rendering.workflow.film import AssetFile
from rendering.workflow.plan import asset_errors
from videoserver.work.sandbox import ChildFailed
from videoserver.work.warm import warm

IMAGE_FORMATS = ("PNG", "JPEG", "WEBP")
LONGEST_DOCUMENT = 16 * 1024 * 1024


def from_file(path: Path, workspace: Path, on_error: OnError | None = None) -> tuple[Document, dict[str, AssetFile]]:
    """The checked document of a JSON file; its assets are paths relative to it. No database is opened.

    Raises DocumentInvalid with the first errors; `on_error` is told of each, however many there are.
    """
    document = documents.validate(read(path), for_render=True, on_error=on_error)
    files: dict[str, AssetFile] = {}
    errors: list[FieldError] = []
    refused: dict[str, tuple[str, str]] = {}
    for use in documents.asset_references(document):
        if use.asset not in files and use.asset not in refused:
            try:
                files[use.asset] = AssetFile(path.parent / use.asset, facts_of(path.parent / use.asset, workspace))
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                refused[use.asset] = ("asset_not_found", f"There is no file {use.asset!r} beside the document.")
            except OSError as error:
                refused[use.asset] = ("asset_not_found", f"The file {use.asset!r} cannot be read: {error.strerror}.")
            except (MediaError, ChildFailed) as error:
                refused[use.asset] = (error.code, f"{use.asset}: {error.detail}")
        if use.asset in refused:
            errors.append(FieldError(use.pointer, *refused[use.asset]))
    usable = {reference: file.facts for reference, file in files.items()}
    errors += [error for error in asset_errors(document, usable) if error.code != "asset_not_found"]
    if on_error:
        for each in errors:
            on_error(each)
    if errors:
        raise DocumentInvalid(errors)
    return document, files


def read(path: Path) -> object:
    """The file's JSON. Raises DocumentInvalid when it is none, OSError when it can't be read."""
    if path.stat().st_size > LONGEST_DOCUMENT:
        raise DocumentInvalid([FieldError("", "max_length", "A document may have at most 16 MiB.")])
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise DocumentInvalid([FieldError("", "invalid", f"This is not JSON: {error}.")]) from error


def facts_of(path: Path, workspace: Path) -> AssetFacts:
    """What a file is. Of a picture only the head is read; films and sounds are opened in the limited child."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sniff(path).image:
        try:
            with Image.open(path, formats=IMAGE_FORMATS) as image:
                return AssetFacts(sha256, "image", *image.size)
        except (UnidentifiedImageError, OSError, ValueError) as error:
            raise ProcessingFailed from error
    request = {"path": str(path.absolute()), "thumbnail": str(workspace / "thumbnail.jpg")}
    probed = warm("media_assets.av").request(request, folder=workspace)
    facts = probed["facts"]
    return AssetFacts(
        sha256,
        cast(AssetType, probed["type"]),
        facts.get("width", 0),
        facts.get("height", 0),
        facts["duration"],
        facts["has_audio"],
    )
