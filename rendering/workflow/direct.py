"""Direct orders: one template, filled in and rendered, without a storyboard and without an approval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile

from media_assets import ingest
from media_assets.exceptions import MediaError
from media_assets.models import MediaAsset
from rendering.exceptions import AssetNotFound, AssetNotReady, OrderInvalid, UploadUnfit
from rendering.models import Job
from rendering.states import JobKind
from rendering.video_templates.base import Template
from rendering.video_templates.check import Check, kind
from rendering.video_templates.fields import Asset, Choice, Field, Number, Text, Whole
from rendering.video_templates.groups import clean_fields, object_schema
from rendering.workflow import assets, ephemeral, order, plan
from rendering.workflow import document as documents
from rendering.workflow.document import Document, DocumentInvalid
from rendering.workflow.document_fields import FIELDS, SCENE_FIELDS
from videoserver.work.row import HIGHEST_PRIORITY, USUAL_PRIORITY

SCENE = "/scenes/0"
DEFAULT_SECONDS = 5.0
SHORTEST, LONGEST = 0.5, 600.0
LOOK = ("aspect_ratio", "quality", "fps", "brand")
"""What an order and a storyboard say in the same words."""
ORDER_FIELDS: dict[str, Field[Any]] = {
    "duration": Number(least=SHORTEST, most=LONGEST, help="Seconds; missing: as long as the video, else 5."),
    **{name: FIELDS[name] for name in LOOK},
    "caption": SCENE_FIELDS["caption"],
    "filename": Text(most=120, help="Under which the film is stored and sent; .mp4 is added."),
    "delivery": Choice(among=(ephemeral.KEEP, ephemeral.EPHEMERAL), help="`ephemeral`: deleted once it is fetched."),
    "priority": Whole(USUAL_PRIORITY, least=0, most=HIGHEST_PRIORITY, help=order.PRIORITY_HELP),
    "metadata": FIELDS["metadata"],
}


def place(
    template: type[Template],
    owner: User,
    body: Any,
    uploads: Mapping[str, UploadedFile[Any]] | None = None,
    *,
    delivery: str = ephemeral.KEEP,
) -> Job:
    """Order a template's film. `uploads` are the files of asset parameters that came with the order; `delivery` is what
    saying nothing means. Raises OrderInvalid with every error, and whatever makes an asset unusable."""
    uploads = uploads or {}
    document, said = read(template, body, uploads)
    order.allowed_priority(owner, said["priority"])
    with pointed():
        used = assets.resolve(without(document, uploads), owner, ready=True)
        sent = store(template, owner, uploads)
        try:
            document["scenes"][0]["params"].update({name: str(asset.pk) for name, asset in sent.items()})
            used |= {str(asset.pk): asset for asset in sent.values()}
            if said["duration"] is None:
                document["scenes"][0]["duration"] = natural(template, document, used)
            return order.place(job_of(template, owner, document, said, sent, delivery))
        except BaseException:
            for asset in sent.values():
                ephemeral.remove(asset)
            raise


def read(template: type[Template], body: Any, uploads: Mapping[str, Any]) -> tuple[Document, dict[str, Any]]:
    """The order as a checked document of one scene, and what else it says."""
    check = Check([], for_render=True)
    said = clean_fields(ORDER_FIELDS, body, "", check, frozenset({"params"}))
    params = (body.get("params") if isinstance(body, dict) else None) or {}
    if isinstance(params, dict):
        params = {**params, **{name: str(uuid4()) for name in uploads}}  # ids that they will get; any will do here
        template.clean(params, "/params", check)
    else:
        check.fail("/params", "invalid", f"This must be an object, not {kind(params)}.")
    if check.errors:
        raise OrderInvalid([error.as_dict() for error in check.errors], check.tally.total)
    return document_of(template, params, said), said


def document_of(template: type[Template], params: Mapping[str, Any], said: Mapping[str, Any]) -> Document:
    """A storyboard of one scene."""
    scene = {
        "template": template.template,
        "params": dict(params),
        "duration": said.get("duration") or DEFAULT_SECONDS,
        "caption": said.get("caption") or "",
    }
    look = {name: said[name] for name in LOOK if said.get(name) is not None}
    title = stem(said.get("filename") or "") or template.label()
    with pointed():
        return documents.validate({"title": title, **look, "scenes": [scene]}, for_render=True)


def filename(job: Job) -> str:
    """The name under which the film is sent."""
    return f"{stem(job.options.get('filename') or '') or 'output'}.mp4"


def stem(name: str) -> str:
    """A file's name without folders and without .mp4."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return last[: -len(".mp4")] if last.lower().endswith(".mp4") else last


def natural(template: type[Template], document: Document, used: Mapping[str, MediaAsset]) -> float:
    """Seconds of an order that does not say how long it is to be."""
    facts = {name: plan.facts(asset) for name, asset in used.items()}
    seconds = template(document["scenes"][0]["params"]).seconds(facts)
    return min(max(seconds or DEFAULT_SECONDS, SHORTEST), LONGEST)


def without(document: Document, uploads: Mapping[str, Any]) -> Document:
    """The document as if the parameters that are still to be stored were empty."""
    scene = document["scenes"][0]
    params = {name: "" if name in uploads else value for name, value in scene["params"].items()}
    return {**document, "scenes": [{**scene, "params": params}]}


def store(template: type[Template], owner: User, uploads: Mapping[str, UploadedFile[Any]]) -> dict[str, MediaAsset]:
    """The files that came with an order, in the owner's library; all of them or none."""
    sent: dict[str, MediaAsset] = {}
    try:
        for name, file in uploads.items():
            try:
                sent[name] = ingest.upload(file, owner, file.name or name)
            except MediaError as error:
                raise UploadUnfit(error.code, error.status, error.detail, f"/params/{name}") from error
            field = template.fields[name]
            if isinstance(field, Asset) and sent[name].type != field.type:
                detail = f"This must be of the type {field.type}, but the file is of the type {sent[name].type}."
                raise UploadUnfit("unexpected_type", 422, detail, f"/params/{name}")
    except BaseException:
        for asset in sent.values():
            ephemeral.remove(asset)
        raise
    return sent


def job_of(
    template: type[Template],
    owner: User,
    document: Document,
    said: Mapping[str, Any],
    sent: Mapping[str, MediaAsset],
    delivery: str,
) -> Job:
    options = {
        "template": template.template,
        "filename": said["filename"],
        "delivery": said["delivery"] or delivery,
        "uploads": [str(asset.pk) for asset in sent.values()],
    }
    content = documents.content_hash(document)
    return Job(
        kind=JobKind.TEMPLATE,
        owner=owner,
        document=document,
        content_hash=content,
        options=options,
        input_hash=order.fingerprint(content, options),
        forced=True,
        priority=said["priority"],
        metadata=said["metadata"],
    )


@contextmanager
def pointed() -> Iterator[None]:
    """Errors of the one scene are errors of the order: the caller never sees a scene."""
    try:
        yield
    except DocumentInvalid as error:
        raise OrderInvalid(moved(error.errors), error.total) from error
    except AssetNotFound as error:
        raise AssetNotFound(errors=moved(error.errors), total=error.total) from error
    except AssetNotReady as error:
        raise AssetNotReady(errors=moved(error.errors), total=error.total) from error


def moved(errors: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{**error, "pointer": error["pointer"].removeprefix(SCENE)} for error in errors]


def schema(template: type[Template]) -> dict[str, Any]:
    """JSON Schema of an order's body."""
    described = object_schema(ORDER_FIELDS)
    described["properties"] = {"params": template.schema(), **described["properties"]}
    return described
