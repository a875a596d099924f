"""The base of every API view: who calls, what may be done, pages, problems, conditional reads, replayed answers."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from videoserver.web import idempotency
from videoserver.web.filters import Search, StrictFilters
from videoserver.web.pagination import CursorPages
from videoserver.web.permissions import HasModelPermission, HasScope, IsCaller, handles, owned
from videoserver.web.problems import DomainError, Problem, request_id, respond


class PreconditionFailed(DomainError):
    """A write was based on another version."""

    code = "precondition_failed"
    status = 412
    default_detail = "It was changed since you read it. Read it again."


class ApiView(APIView):
    """One path of the API. `scopes` and `permissions` are explained in permissions.py; `idempotent = False` where an
    answer must not be kept (it shows a secret)."""

    permission_classes = [IsCaller, HasScope, HasModelPermission]
    scopes: ClassVar[Mapping[str, str]] = {}
    permissions: ClassVar[Mapping[str, str]] = {}

    idempotent: ClassVar[bool] = True
    _attempt: idempotency.Attempt | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
            if isinstance(response, Response):
                response.render()  # here, where its bytes are needed; Django renders no second time
        except BaseException:
            if self._attempt:
                self._attempt.forget()
            raise
        if self._attempt:
            self._attempt.keep(response)
        if applied := getattr(request, "preference_applied", ""):
            response.headers["Preference-Applied"] = applied
        response.headers.setdefault("X-Request-ID", request_id())
        return _conditional(request, response)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After authentication, permission and throttle: take the idempotency key."""
        super().initial(request, *args, **kwargs)
        if self.idempotent and handles(self, request):
            self._attempt = idempotency.begin(request)

    def handle_exception(self, exc: Exception) -> Any:
        """Answer an exception; a replayed answer comes this way too."""
        return exc.response if isinstance(exc, idempotency.Replayed) else super().handle_exception(exc)


class ApiViewSet(ApiView, GenericViewSet[Any]):
    """A set of paths over one model. Combine it with DRF's mixins. Beside theirs a view may set
    `owner` (the path to the owner; "" when nobody owns it), `filterset_class`, `search_fields`, `orderings`,
    `ordering`, `query_parameters` (further names that the list knows), `scopes`, `permissions`."""

    pagination_class = CursorPages
    filter_backends = [StrictFilters, Search]
    owner: ClassVar[str] = "owner"
    orderings: ClassVar[Sequence[str]] = ("created_at", "updated_at")
    ordering: ClassVar[str] = "-created_at"
    query_parameters: ClassVar[Sequence[str]] = ()
    search_fields: ClassVar[Sequence[str]] = ()

    def get_queryset(self) -> QuerySet[Any]:
        """What the caller may see."""
        queryset = super().get_queryset()
        return owned(queryset, self.request.user, self.owner) if self.owner else queryset

    def get_object(self) -> Any:
        """The thing of the path; a foreign one is as unknown as one that never was."""
        try:
            return super().get_object()
        except (OverflowError, ValueError) as error:  # an id that the column cannot hold
            raise NotFound from error


def require_match(request: Request, etag: str) -> None:
    """Refuse a write whose If-Match names another version than `etag` (written with its quotes)."""
    asked = request.headers.get("If-Match")
    if asked and "*" not in (tags := parse_etags(asked)) and etag not in tags:
        raise PreconditionFailed


def _conditional(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Give a read its ETag (the view's own, else the body's hash) and answer 304 to who has it already."""
    if request.method not in ("GET", "HEAD") or response.status_code != 200 or not isinstance(response, HttpResponse):
        return response
    if not isinstance(response, Response) and not response.has_header("ETag"):
        return response
    if not response.has_header("ETag"):
        response["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response.headers.setdefault("Cache-Control", "private, no-cache")
    answer: HttpResponseBase = get_conditional_response(request, etag=response["ETag"], response=response) or response
    return answer if answer.status_code != 412 else respond(STALE)


STALE = Problem(PreconditionFailed.status, PreconditionFailed.code, PreconditionFailed.default_detail)
