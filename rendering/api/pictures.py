"""A still as an answer: its ETag is known before it is drawn, so who has it already costs nothing."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework.request import Request

from rendering.workflow.still_cache import Still
from videoserver.web.caller import caller_of


def still_answer(request: Request, still: Still, kept_seconds: int) -> HttpResponseBase:
    """The JPEG, or 304. `kept_seconds` is how long a browser may keep it without asking again."""
    etag = f'"{still.key[:32]}"'
    headers = {
        "Cache-Control": f"private, max-age={kept_seconds}" if kept_seconds else "private, no-cache",
        "ETag": etag,
        "X-Content-Type-Options": "nosniff",
    }
    empty = HttpResponse(content_type="image/jpeg", headers=headers)
    known: HttpResponseBase | None = get_conditional_response(request._request, etag=etag, response=empty)
    if known is not None and known.status_code == HTTPStatus.NOT_MODIFIED:
        return known
    return HttpResponse(still.picture(caller_of(request)), content_type="image/jpeg", headers=headers)
