"""Templates: what there is to fill scenes with."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from rendering.api.direct import find
from rendering.api.schema import TEXT, described, links, schema_of
from rendering.video_templates import catalogue
from rendering.video_templates.base import Template
from videoserver.web.filters import check_names
from videoserver.web.views import ApiView

TEMPLATE = schema_of(
    {
        "name": TEXT,
        "title": TEXT,
        "description": TEXT,
        "schema": {"type": "object"},
        "urls": links("self", "render", "still"),
    }
)
NO_PAGE = {"type": ["string", "null"]}
TEMPLATES = schema_of({"next": NO_PAGE, "previous": NO_PAGE, "results": {"type": "array", "items": TEMPLATE}})


class TemplateList(ApiView):
    """The templates of this server."""

    @described(operation_id="templates_list", responses={(200, "application/json"): TEMPLATES})
    def get(self, request: Request) -> Response:
        """Every template with the JSON Schema of its parameters."""
        check_names(request, ())
        results = [shown(template) for template in catalogue.all()]
        return Response({"next": None, "previous": None, "results": results})


class TemplateView(ApiView):
    """One template."""

    @described(operation_id="templates_retrieve", responses={(200, "application/json"): TEMPLATE})
    def get(self, request: Request, name: str) -> Response:
        """A template with the JSON Schema of its parameters; how-it-works and how_it_works are one."""
        return Response(shown(find(name)))


def shown(template: type[Template]) -> dict[str, Any]:
    """A template as the API shows it."""
    schema, name = template.schema(), template.template.replace("_", "-")
    return {
        "name": template.template,
        "title": template.label(),
        "description": schema["description"],
        "schema": schema,
        "urls": {
            "self": reverse("template-detail", args=[name]),
            "render": reverse("template-render", args=[name]),
            "still": reverse("template-still", args=[name]),
        },
    }
