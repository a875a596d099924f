"""Adds to the OpenAPI document what every operation has: problems, and the headers of our conventions."""

from typing import Any

from videoserver.web.error_list import LONGEST_DETAIL, LONGEST_POINTER, MOST_ERRORS

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "errors", "request_id"],
    "properties": {
        "type": {"type": "string", "example": "about:blank"},
        "title": {"type": "string", "example": "Bad Request"},
        "status": {"type": "integer", "example": 400},
        "detail": {"type": "string", "example": "/title: This field is required."},
        "code": {"type": "string", "example": "validation_error", "description": "Stable; decide by it."},
        "errors": {
            "type": "array",
            "maxItems": MOST_ERRORS,
            "description": "The first of them; when there are more, `detail` says how many.",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "maxLength": LONGEST_POINTER,
                        "example": "/title",
                        "description": "RFC 6901, into the body",
                    },
                    "code": {"type": "string", "example": "required"},
                    "detail": {"type": "string", "maxLength": LONGEST_DETAIL, "example": "This field is required."},
                },
            },
        },
        "request_id": {"type": "string", "description": "Under it the request stands in the log."},
    },
}
METHODS = {"get", "put", "post", "patch", "delete"}
ALWAYS = {
    "401": "No key or session, or one that opens nothing",
    "403": "Not allowed to this caller or key",
    "default": "Every other error",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 255},
    "description": "Sent again with the same body within 24 h, it gets the same answer and nothing is done twice.",
}


def add_conventions(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A drf-spectacular hook."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for path, operations in result.get("paths", {}).items():
        for method, operation in operations.items():
            if method not in METHODS:
                continue
            said = dict(ALWAYS)
            if method != "get" or "parameters" in operation:
                said["400"] = "Every wrong field or parameter"
            if "{" in path:
                said["404"] = "There is no such thing, or it is not yours"
            for status, description in said.items():
                operation["responses"].setdefault(status, _problem(description))
            if method == "post":
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    return result


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}
