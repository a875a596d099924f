"""Bodies of requests that are no storyboard documents: decisions and orders. A key that they don't know is an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from rendering.providers import registry
from rendering.workflow.document_fields import MOST_METADATA_BYTES, MOST_SCENES
from rendering.workflow.frame_size import ASPECT_RATIOS, LEAST_SIDE, MOST_SIDE, QUALITIES
from rendering.workflow.order import PRIORITY_HELP
from rendering.workflow.outputs import FORMATS
from videoserver.web.error_list import MOST_ERRORS
from videoserver.web.field_errors import first_errors, sentence_of
from videoserver.web.lists import ShortList
from videoserver.web.problems import DomainError
from videoserver.work.row import HIGHEST_PRIORITY

T = TypeVar("T", bound="Body")
LONGEST_BRIEF = 100_000
LONGEST_NOTE = 10_000
NARROWEST, WIDEST = 16, MOST_SIDE
"""Pixels of a still's width."""
PARTS = ("text", "image", "clip")


class StrictKeys:
    """Put before a serializer: unknown keys are errors, told together with all others."""

    fields: Any

    def to_internal_value(self, data: Any) -> Any:
        known = frozenset(self.fields)
        keys = [key for key in data if key not in known] if isinstance(data, Mapping) else []
        names = ", ".join(sorted(name for name, field in self.fields.items() if not field.read_only)) or "none"
        unknown = {
            key: [ErrorDetail(f"There is no field {str(key)[:80]!r} here. There are: {names}.", "unknown")]
            for key in keys[:MOST_ERRORS]
        }
        wrong: Any = {}
        try:
            valid = super().to_internal_value(data)  # type: ignore[misc]
        except ValidationError as error:
            wrong = error.detail
        if not isinstance(wrong, dict):
            raise ValidationError(wrong)
        if len(keys) > MOST_ERRORS:  # a ValidationError would hold, and copy, each of them
            errors, total = first_errors({**wrong, **unknown})
            total += len(keys) - len(unknown)
            raise DomainError(sentence_of(errors, total), code="validation_error", status=400, errors=errors)
        if wrong or unknown:
            raise ValidationError({**wrong, **unknown})
        return valid


class Body(StrictKeys, serializers.Serializer[Any]):
    """The body of a request that is not a row."""

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """What a request says, checked."""
        body = cls(data=request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)


class NothingBody(Body):
    """For what needs no word."""


class MetadataField(serializers.DictField):
    """A client's own object, carried along."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if len(json.dumps(value, ensure_ascii=False).encode()) > MOST_METADATA_BYTES:
            raise ValidationError(f"This may have at most {MOST_METADATA_BYTES} bytes.", "max_length")
        return value


class PriorityField(serializers.IntegerField):
    """Which of all jobs that wait go first."""

    def __init__(self, **words: Any) -> None:
        usual: dict[str, Any] = {"min_value": 0, "max_value": HIGHEST_PRIORITY, "required": False}
        super().__init__(**usual | {"help_text": PRIORITY_HELP} | words)


class SubmitBody(Body):
    """Asking for a decision."""

    revision = serializers.IntegerField(min_value=1, required=False)
    note = serializers.CharField(max_length=LONGEST_NOTE, allow_blank=True, required=False, default="")


class DecisionBody(Body):
    """A decision on exactly the revision that was seen."""

    revision = serializers.IntegerField(min_value=1)
    note = serializers.CharField(max_length=LONGEST_NOTE, allow_blank=True, required=False, default="")


class ApprovalBody(DecisionBody):
    """An approval, that may order the film too."""

    render = serializers.BooleanField(required=False, default=False)


class RenderBody(Body):
    """What may differ between two films of one storyboard."""

    priority = PriorityField()
    quality = serializers.ChoiceField(list(QUALITIES), required=False)
    width = serializers.IntegerField(min_value=LEAST_SIDE, max_value=MOST_SIDE, required=False)
    height = serializers.IntegerField(min_value=LEAST_SIDE, max_value=MOST_SIDE, required=False)
    aspect_ratios = ShortList(
        child=serializers.ChoiceField(list(ASPECT_RATIOS)),
        max_length=len(ASPECT_RATIOS),
        allow_empty=False,
        required=False,
        help_text="One film for each, the first one being the film; without any it is the storyboard's own.",
    )
    formats = ShortList(
        child=serializers.ChoiceField(list(FORMATS)),
        max_length=len(FORMATS),
        allow_empty=False,
        required=False,
        help_text="Every film is an MP4; what else it is made into.",
    )
    size_limit_mb = serializers.FloatField(
        min_value=0.001, max_value=100_000, required=False, help_text="Of each file; a MB has 1 000 000 bytes."
    )
    accept_quality = serializers.BooleanField(
        required=False, default=False, help_text="Complete the job whatever the quality gate finds, and say it."
    )
    cost_cap = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=0, required=False)
    force = serializers.BooleanField(required=False, default=False, help_text="Render again what is there already.")
    metadata = MetadataField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("width" in attrs) != ("height" in attrs):
            lacking = "height" if "width" in attrs else "width"
            raise ValidationError({lacking: "Width and height go together."}, "required")
        for side in ("width", "height"):
            if attrs.get(side, 0) % 2:
                raise ValidationError({side: "This must be an even number."}, "invalid")
        if "width" in attrs and "aspect_ratios" in attrs:
            raise ValidationError({"aspect_ratios": "Width and height are a ratio of their own."}, "invalid")
        for name in ("aspect_ratios", "formats"):
            if len(set(attrs.get(name, ()))) < len(attrs.get(name, ())):
                raise ValidationError({name: "Each may be named once."}, "invalid")
        return attrs

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """The options of an order; what is said by saying nothing makes no other order."""
        options = super().read(request)
        formats = options.pop("formats", ())
        if made := [format for format in FORMATS[1:] if format in formats]:
            options["formats"] = made
        if not options["accept_quality"]:
            del options["accept_quality"]
        if "cost_cap" in options:
            options["cost_cap"] = str(options["cost_cap"])
        return options


class StillBody(Body):
    """A moment of the film that a revision makes."""

    at = serializers.FloatField(min_value=0, max_value=1_000_000, required=False, default=0.0)
    w = serializers.IntegerField(min_value=NARROWEST, max_value=WIDEST, required=False)
    r = serializers.IntegerField(min_value=1, required=False)


class GenerateBody(Body):
    """What a provider is to make."""

    brief = serializers.CharField(max_length=LONGEST_BRIEF, required=False, help_text="A title, a text, or Markdown.")
    scenes = serializers.IntegerField(
        min_value=1,
        max_value=min(MOST_SCENES, registry.most_scenes()),
        required=False,
        help_text=f"How many to write. Each provider has its own limit: {registry.limits()}.",
    )
    only = ShortList(child=serializers.ChoiceField(PARTS), max_length=len(PARTS), allow_empty=False, required=False)
    scene = serializers.UUIDField(required=False, help_text="Make it again for this scene alone.")
    provider = serializers.CharField(max_length=20, required=False)
    priority = PriorityField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        writes = "text" in attrs["only"] if "only" in attrs else "scene" not in attrs
        if writes and "brief" not in attrs:
            raise ValidationError({"brief": "Text is written from a brief."}, "required")
        return attrs

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """The order as the job keeps it."""
        options = super().read(request)
        if "scene" in options:
            options["scene"] = str(options["scene"])
        return options
