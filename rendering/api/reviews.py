"""The human gate over HTTP: submit, approve, reject, request changes."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from rendering.api.bodies import ApprovalBody, DecisionBody, SubmitBody
from rendering.api.jobs import JobSerializer, ordered
from rendering.api.orders import require_may_render
from rendering.api.schema import described
from rendering.models import Storyboard
from rendering.workflow import review
from videoserver.web.permissions import REVIEW

APPROVE = "rendering.approve_storyboard"


class StoryboardReviews:
    """Part of the storyboards' views. A decision is on the revision that it names."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("approve", "reject", "request_changes"), REVIEW)
    permissions: ClassVar[dict[str, str]] = dict.fromkeys(("approve", "reject", "request_changes"), APPROVE)
    caller: Any
    as_read: Any
    answer: Any

    @described(request=SubmitBody)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """Ask for a decision. What could not be rendered is refused with every place that is wrong."""
        storyboard: Storyboard = self.as_read()
        return self._decided(review.submit(storyboard, self.caller, **SubmitBody.read(request)))

    @described(request=ApprovalBody, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve exactly this revision. With `render` its film is ordered too, or neither happens: 202 with the
        job. It takes who may do both, and of a key both scopes, `review` and `write`."""
        storyboard: Storyboard = self.as_read()
        decision = ApprovalBody.read(request)
        if decision.pop("render"):
            require_may_render(request, storyboard)
            return ordered(request, review.approve_and_render(storyboard, self.caller, **decision))
        return self._decided(review.approve(storyboard, self.caller, **decision))

    @described(request=DecisionBody)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Turn it down."""
        storyboard: Storyboard = self.as_read()
        return self._decided(review.reject(storyboard, self.caller, **DecisionBody.read(request)))

    @described(request=DecisionBody)
    @action(detail=True, methods=["post"], url_path="request-changes")
    def request_changes(self, request: Request, pk: str) -> Response:
        """Ask for another revision; it also takes an approval back."""
        storyboard: Storyboard = self.as_read()
        return self._decided(review.request_changes(storyboard, self.caller, **DecisionBody.read(request)))

    def _decided(self, storyboard: Storyboard) -> Response:
        response: Response = self.answer(storyboard)
        return response
