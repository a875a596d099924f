"""What a storyboard document consists of: its fields with their bounds and defaults, and its checked shape."""

from __future__ import annotations

import json
import uuid
from typing import Any, TypeAlias, get_args

from rendering.engine.timeline import TransitionKind
from rendering.video_templates.check import Check, kind
from rendering.video_templates.fields import Asset, Choice, Colour, Field, Number, Text, Whole
from rendering.video_templates.groups import Group, object_schema
from rendering.workflow.frame_size import ASPECT_RATIOS, LEAST_SIDE, MOST_SIDE, QUALITIES
from videoserver.web import plain_json

MOST_SCENES = 500
MOST_METADATA_BYTES = 16 * 1024


Document: TypeAlias = dict[str, Any]
"""A checked document: every key of FIELDS and `scenes` is there, with its default where nothing was given."""
SceneDocument: TypeAlias = dict[str, Any]
"""A checked scene: SCENE_FIELDS and `params`; `id` only if one was given."""


class Metadata(Field[dict[str, Any]]):
    """A client's own object, carried along."""

    def initial(self) -> Any:
        return {}

    def convert(self, value: Any, pointer: str, check: Check) -> Any:
        if not isinstance(value, dict):
            check.fail(pointer, "invalid", f"This must be an object, not {kind(value)}.")
            return {}
        try:
            plain_json.check(value)
            size = len(json.dumps(value, ensure_ascii=False).encode())
        except plain_json.NotPlain as error:
            check.fail(pointer, "invalid", str(error))
            return {}
        except TypeError:
            check.fail(pointer, "invalid", "This must be a plain JSON object.")
            return {}
        if size > MOST_METADATA_BYTES:
            check.fail(pointer, "max_length", f"This may have at most {MOST_METADATA_BYTES} bytes, but has {size}.")
        return value

    def describe(self) -> dict[str, Any]:
        return {"type": "object"}


class Identity(Field[str]):
    """The id of a row of ours."""

    def convert(self, value: Any, pointer: str, check: Check) -> Any:
        try:
            return str(uuid.UUID(value)) if isinstance(value, str) and value else self.initial()
        except ValueError:
            check.fail(pointer, "invalid", "This must be a UUID.")
            return self.initial()

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}


TRANSITION = Group(
    {
        "kind": Choice("cut", among=get_args(TransitionKind)),
        "duration": Number(0.5, least=0, most=600, help="Seconds for which the two scenes overlap."),
    },
    help="The way into this scene; none is a cut.",
)
SCENE_FIELDS: dict[str, Field[Any]] = {
    "id": Identity(help="A scene that is sent with its id keeps it."),
    "template": Text(most=80, required=True, help="The name of a template."),
    "duration": Number(4.0, least=0.5, most=600, help="Seconds."),
    "caption": Text(most=500),
    "narration": Asset("audio"),
    "transition": TRANSITION,
}
FIELDS: dict[str, Field[Any]] = {
    "title": Text(most=200, required=True),
    "aspect_ratio": Choice("16:9", among=tuple(ASPECT_RATIOS)),
    "quality": Choice("1080p", among=tuple(QUALITIES), help="The shorter side."),
    "width": Whole(least=LEAST_SIDE, most=MOST_SIDE, even=True),
    "height": Whole(least=LEAST_SIDE, most=MOST_SIDE, even=True),
    "fps": Whole(30, least=1, most=60),
    "loudness_lufs": Number(-14.0, least=-70, most=-5),
    "captions": Choice("burned", among=("burned", "sidecar", "both", "none")),
    "soundtrack": Group(
        {
            "asset": Asset("audio", required=True),
            "volume_db": Number(-12.0, least=-60, most=12),
            "duck_db": Number(-10.0, least=-60, most=0, help="How far it goes down under a voice."),
            "fade_out": Number(2.0, least=0, most=60, help="Seconds."),
        }
    ),
    "brand": Group(
        {"color": Colour("#0b5fff"), "font": Text("Inter", most=80), "logo": Asset("image")},
        whole=True,
    ),
    "provider": Choice("local", among=("local", "replicate")),
    "fallback": Choice("none", among=("none", "local")),
    "video_path": Choice("timeline", among=("timeline", "per_scene", "whole")),
    "campaign": Identity(),
    "metadata": Metadata(),
}


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the document; the templates have their own for `params`."""
    scene = object_schema(SCENE_FIELDS)
    scene["properties"]["params"] = {"type": "object"}
    described = object_schema(FIELDS)
    described["properties"]["scenes"] = {"type": "array", "items": scene, "maxItems": MOST_SCENES}
    described["required"].append("scenes")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Storyboard", **described}
