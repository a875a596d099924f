"""Fields that hold fields: objects, and lists of texts or objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rendering.video_templates.check import Check, kind, step
from rendering.video_templates.fields import Field


class Group(Field[dict[str, Any]]):
    """An object with fields of its own."""

    def __init__(
        self, fields: Mapping[str, Field[Any]], *, required: bool = False, whole: bool = False, help: str = ""
    ) -> None:
        super().__init__(None, required=required, help=help)
        self.fields = dict(fields)
        self.whole = whole
        """A missing group is read as one with all its defaults, not as null."""

    def initial(self) -> Any:
        return {name: field.initial() for name, field in self.fields.items()} if self.whole else None

    def convert(self, value: Any, pointer: str, check: Check) -> Any:
        return clean_fields(self.fields, value, pointer, check)

    def describe(self) -> dict[str, Any]:
        return object_schema(self.fields)


class ListOf(Field[list[Any]]):
    """Some values of one kind: texts, or objects."""

    def __init__(self, item: Field[Any], *, least: int = 0, most: int, required: bool = False, help: str = "") -> None:
        super().__init__(None, required=required, help=help)
        self.item, self.least, self.most = item, least, most

    def initial(self) -> Any:
        return []

    def convert(self, value: Any, pointer: str, check: Check) -> Any:
        if not isinstance(value, list):
            check.fail(pointer, "invalid", f"This must be a list, not {kind(value)}.")
            return []
        if len(value) < self.least:
            check.fail(pointer, "min_length", f"This must have at least {self.least} items, but has {len(value)}.")
        if len(value) > self.most:
            check.fail(pointer, "max_length", f"This may have at most {self.most} items, but has {len(value)}.")
            value = value[: self.most]
        return [self.item.clean(item, step(pointer, at), check) for at, item in enumerate(value)]

    def describe(self) -> dict[str, Any]:
        return {"type": "array", "items": self.item.schema(), "minItems": self.least, "maxItems": self.most}


def clean_fields(
    fields: Mapping[str, Field[Any]],
    value: Any,
    pointer: str,
    check: Check,
    elsewhere: frozenset[str] = frozenset(),
    ignored: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """An object's values with its defaults filled in; unknown keys are errors, those checked `elsewhere` are known."""
    if not isinstance(value, dict):
        check.fail(pointer, "invalid", f"This must be an object, not {kind(value)}.")
        value = {}
        check = Check([])  # one error says it: its missing keys would only repeat it
    unknown = [key for key in value if key not in fields and key not in elsewhere and key not in ignored]
    names = (", ".join(sorted({*fields, *elsewhere})) or "none") if unknown else ""
    for number, key in enumerate(unknown):
        if check.full:
            check.count(len(unknown) - number)
            break
        check.fail(step(pointer, key), "unknown", f"There is no field {str(key)[:80]!r} here. There are: {names}.")
    return {name: field.clean(value.get(name), step(pointer, name), check) for name, field in fields.items()}


def object_schema(fields: Mapping[str, Field[Any]]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: field.schema() for name, field in fields.items()},
        "required": [name for name, field in fields.items() if field.required],
        "additionalProperties": False,
    }
