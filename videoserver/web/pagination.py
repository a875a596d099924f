"""Cursor pages: {next, previous, results}. A cursor is the ordering and the last row seen, so pages never shift."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from videoserver.web import links, plain_json

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
DEFAULT_ORDERINGS = ("created_at", "updated_at")
PARAMETERS = ("cursor", "page_size", "ordering")


class CursorPages(BasePagination):
    """Keyset pages over one field and the primary key. The view's `orderings` says which fields there are; its
    `ordering` which one is meant when nothing is said (`-created_at`)."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.base_url = links.absolute(request._request)
        self.ordering = self._ordering(request, view)
        size = self._size(request)
        field = self.ordering.lstrip("-")
        descending = self.ordering.startswith("-")
        backwards, position = self._cursor(request, queryset.model)
        if position is not None:
            value, pk = position
            side = "lt" if descending != backwards else "gt"
            queryset = queryset.filter(Q(**{f"{field}__{side}": value}) | Q(**{field: value, f"pk__{side}": pk}))
        sign = "-" if descending != backwards else ""
        rows = list(queryset.order_by(f"{sign}{field}", f"{sign}pk")[: size + 1])
        more, page = len(rows) > size, rows[:size]
        if backwards:
            page.reverse()
        self.has_next = bool(page) and (backwards or more)
        self.has_previous = bool(page) and (more if backwards else position is not None)
        self.page = page
        return page

    def get_paginated_response(self, data: Any) -> Response:
        """The page with its neighbours' addresses."""
        return Response(
            {
                "next": self._link(self.page[-1], backwards=False) if self.has_next else None,
                "previous": self._link(self.page[0], backwards=True) if self.has_previous else None,
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names = orderings(view)
        signed = [signed for name in names for signed in (name, f"-{name}")]
        size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE}
        return [
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
            {"name": "page_size", "in": "query", "required": False, "schema": size},
            {"name": "ordering", "in": "query", "required": False, "schema": {"type": "string", "enum": signed}},
        ]

    def _ordering(self, request: Request, view: Any) -> str:
        asked = request.query_params.get("ordering")
        if asked is None:
            return str(getattr(view, "ordering", "-created_at"))
        if asked.removeprefix("-") not in orderings(view):
            raise bad_parameter("ordering", f"It must be one of {', '.join(orderings(view))}, with - to reverse.")
        return str(asked)

    def _size(self, request: Request) -> int:
        text = request.query_params.get("page_size", str(PAGE_SIZE))
        if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_PAGE_SIZE):
            raise bad_parameter("page_size", f"It must be a whole number from 1 to {MAX_PAGE_SIZE}.")
        return int(text)

    def _cursor(self, request: Request, model: type[Model]) -> tuple[bool, tuple[Any, Any] | None]:
        text = request.query_params.get("cursor")
        if text is None:
            return False, None
        try:
            place = plain_json.loads(base64.urlsafe_b64decode(text.encode("ascii")).decode())
            ordering, backwards, value, pk = place
            if ordering != self.ordering or not isinstance(backwards, bool):
                raise ValueError(ordering)
            field = model._meta.get_field(self.ordering.lstrip("-"))
            return backwards, (_known(field.to_python(value)), _known(model._meta.pk.to_python(pk)))  # type: ignore[union-attr]
        except (ValueError, TypeError, OverflowError, binascii.Error, ValidationError) as error:
            raise bad_parameter("cursor", "It is not a cursor of this list and ordering.") from error

    def _link(self, row: Any, *, backwards: bool) -> str:
        value = getattr(row, self.ordering.lstrip("-"))
        place = [self.ordering, backwards, value.isoformat() if hasattr(value, "isoformat") else value, str(row.pk)]
        cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
        return str(replace_query_param(self.base_url, "cursor", cursor))


def _known(value: Any) -> Any:
    """What a row may hold: never nothing, and only moments that every time zone has."""
    if value is None or (isinstance(value, datetime) and (value.tzinfo is None or not has_utc(value))):
        raise ValueError(value)
    return value


def has_utc(moment: datetime) -> bool:
    """Whether the databases can be asked for it: the first and the last hours of the calendar have no UTC."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True


def orderings(view: Any) -> Sequence[str]:
    """The fields that a view's list may be ordered by."""
    return tuple(getattr(view, "orderings", DEFAULT_ORDERINGS))


def bad_parameter(name: str, detail: str) -> serializers.ValidationError:
    """The 400 for a query parameter; it has no place in the body, so its pointer is empty and the sentence names it."""
    return serializers.ValidationError(
        {"non_field_errors": [f"Query parameter {name}: {detail}"]}, code="invalid_parameter"
    )
