"""What is ordered for a storyboard: films, pictures, copies, estimates and stills."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.http.response import HttpResponseBase
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from rendering.api.bodies import NARROWEST, WIDEST, GenerateBody, NothingBody, RenderBody, StillBody
from rendering.api.jobs import JobSerializer, ordered
from rendering.api.pictures import still_answer
from rendering.api.schema import MONEY, TEXT, UUID, WHOLE, described, file_of, query, schema_of
from rendering.models import Storyboard
from rendering.workflow import money, order, stills, write
from videoserver.web.permissions import READ, WRITE, require_scope

LINE = schema_of(
    {
        "scene": UUID,
        "model": TEXT,
        "quantity": TEXT,
        "unit": TEXT,
        "amount": MONEY,
        "cached": {"type": "boolean"},
    }
)
ESTIMATE = schema_of({"total": MONEY, "currency": TEXT, "lines": {"type": "array", "items": LINE}})
KEPT_SECONDS = 3600
"""How long a browser keeps a still of a revision that it named."""


class StoryboardOrders:
    """Part of the storyboards' views."""

    scopes: ClassVar[dict[str, str]] = {"estimate": READ}
    permissions: ClassVar[dict[str, str]] = {"estimate": "", "duplicate": "", "render": ""}
    caller: Any
    as_read: Any
    answer: Any
    get_object: Any

    @described(request=RenderBody, responses={200: JobSerializer, 202: JobSerializer})
    @action(detail=True, methods=["post"])
    def render(self, request: Request, pk: str) -> Response:
        """Order the film of an approved storyboard. For the same content and options as a job that is queued, rendering
        or completed it is that job (200), unless `force`."""
        storyboard: Storyboard = self.as_read()
        require_may_render(request, storyboard)
        options = RenderBody.read(request)
        job, new = order.render(storyboard, options, by=cast(User, request.user))
        return ordered(request, job, new=new)

    @described(request=GenerateBody, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def generate(self, request: Request, pk: str) -> Response:
        """Have a provider write scenes from a brief, and make the pictures and clips that they lack."""
        storyboard: Storyboard = self.as_read()
        return ordered(request, order.generate(storyboard, GenerateBody.read(request), by=cast(User, request.user)))

    @described(request=NothingBody)
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, pk: str) -> Response:
        """A draft with the same content that belongs to the caller."""
        storyboard: Storyboard = self.get_object()
        NothingBody.read(request)
        response: Response = self.answer(write.duplicate(storyboard, self.caller), 201)
        return response

    @described(methods=["GET"], responses={(200, "application/json"): ESTIMATE})
    @described(methods=["POST"], request=RenderBody, responses={(200, "application/json"): ESTIMATE})
    @action(detail=True, methods=["get", "post"])
    def estimate(self, request: Request, pk: str) -> Response:
        """What a render would cost now; POST says with which options."""
        storyboard: Storyboard = self.get_object()
        if request.method == "POST":
            RenderBody.read(request)
        found = money.estimate(storyboard)
        return Response({"total": str(found.total), "currency": found.currency, "lines": found.lines})

    @described(
        parameters=[
            query("at", {"type": "number", "minimum": 0, "default": 0}, "Seconds from the film's start."),
            query(
                "w",
                {"type": "integer", "minimum": NARROWEST, "maximum": WIDEST},
                "Pixels of its width; missing, or more than the film's: the film's own.",
            ),
            query("r", WHOLE, "The revision that is meant: as long as it is the present one, the picture may be kept."),
        ],
        responses=file_of("image/jpeg"),
    )
    @action(detail=True, url_path="still.jpg")
    def still(self, request: Request, pk: str) -> HttpResponseBase:
        """One frame of the film; after the end it is the last one."""
        storyboard: Storyboard = self.get_object()
        asked = StillBody(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        # Without its revision an address shows another picture after each edit, so the browser must ask every time.
        kept_seconds = KEPT_SECONDS if said.get("r") == storyboard.revision else 0
        return still_answer(request, stills.of(storyboard, said["at"], said.get("w")), kept_seconds)


def require_may_render(request: Request, storyboard: Storyboard) -> None:
    """Refuse who may not order this film, or whose key may not order anything."""
    require_scope(request, WRITE)
    if not order.may_render(cast(User, request.user), storyboard):
        raise PermissionDenied
