"""Filters of lists, which refuse every name and value that they do not know."""

from collections.abc import Iterable
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers
from rest_framework.filters import SearchFilter
from rest_framework.request import Request

from videoserver.web.pagination import PARAMETERS, bad_parameter, has_utc

MAX_SEARCH = 200


class MomentField(IsoDateTimeField):  # type: ignore[misc]
    """A time that has a UTC."""

    def clean(self, value: Any) -> Any:
        moment = super().clean(value)
        if moment is not None and not has_utc(moment):
            raise ValidationError("This is outside of the calendar.", "invalid")
        return moment


class MomentFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc]
    """Before or after a moment."""

    field_class = MomentField


class ApiFilterSet(django_filters.FilterSet):  # type: ignore[misc]
    """What lists have in common: `created_after`, `created_before`, and the owner's username."""

    created_after = MomentFilter(field_name="created_at", lookup_expr="gt")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")
    owner = django_filters.CharFilter(field_name="owner__username")


class StrictFilters(DjangoFilterBackend):  # type: ignore[misc]
    """Applies the view's `filterset_class`; an unknown parameter or value is a 400."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        if getattr(view, "action", "list") != "list":
            return queryset
        filterset = self.get_filterset(request, queryset, view)
        names = set(filterset.filters) if filterset else set()
        if getattr(view, "search_fields", None):
            names.add("search")
        check_names(request, {*PARAMETERS, *names, *getattr(view, "query_parameters", ())})
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise serializers.ValidationError(
                {
                    "non_field_errors": [
                        serializers.ErrorDetail(f"Query parameter {name}: {error}", code="invalid_parameter")
                        for name, errors in filterset.errors.items()
                        for error in errors
                    ]
                }
            )
        found: QuerySet[Any] = filterset.qs
        return found


class Search(SearchFilter):
    """`search`: every word must occur in one of the view's `search_fields`."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        if getattr(view, "action", "list") != "list":
            return queryset
        if len(request.query_params.get("search", "")) > MAX_SEARCH:
            raise bad_parameter("search", f"It may have at most {MAX_SEARCH} characters.")
        return super().filter_queryset(request, queryset, view)


def check_names(request: Request, known: Iterable[str]) -> None:
    """Refuse a query parameter that nobody knows."""
    for name in request.query_params:
        if name not in known:
            raise bad_parameter(name, f"It is not known here. There are: {', '.join(sorted(known)) or 'none'}.")
