"""Typed doors to drf-spectacular, and the schemas that come from the storyboard document's own definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field

from rendering.workflow import document_fields

T = TypeVar("T")


def described(**options: Any) -> Callable[[T], T]:
    """What OpenAPI says about a view."""
    return cast(Callable[[T], T], extend_schema(**options))


def shaped(schema: Any) -> Callable[[T], T]:
    """What OpenAPI says about the value of a serializer's method."""
    return cast(Callable[[T], T], extend_schema_field(schema))


def schema_of(properties: dict[str, Any], *, nullable: bool = False) -> dict[str, Any]:
    """An object all of whose properties are there."""
    kind = ["object", "null"] if nullable else "object"
    return {"type": kind, "properties": properties, "required": list(properties)}


def query(name: str, schema: dict[str, Any], description: str) -> Any:
    """A parameter of the query."""
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)


def file_of(*types: str) -> dict[tuple[int, str], Any]:
    """An answer that is a file of one of these types."""
    return {(200, kind): OpenApiResponse({"type": "string", "format": "binary"}) for kind in types}


def _document() -> dict[str, Any]:
    schema = document_fields.schema()
    del schema["$schema"]
    return schema


TEXT = {"type": "string"}
NUMBER = {"type": "number"}
WHOLE = {"type": "integer"}
MONEY = {"type": "string", "format": "decimal"}
UUID = {"type": "string", "format": "uuid"}
TIME = {"type": "string", "format": "date-time"}
PATH = {"type": "string", "format": "uri-reference"}
DOCUMENT = _document()
DOCUMENT_PART = {**DOCUMENT, "required": []}
SCENE = DOCUMENT["properties"]["scenes"]["items"]
SCENE_AT = {**SCENE, "properties": {**SCENE["properties"], "position": {"type": "integer", "minimum": 0}}}
SCENE_PART = {**SCENE_AT, "required": []}


def as_json(schema: dict[str, Any]) -> dict[str, Any]:
    """A request's body."""
    return {"application/json": schema}


def links(*names: str) -> dict[str, Any]:
    """The `urls` of a thing."""
    return schema_of(dict.fromkeys(names, PATH))


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}
