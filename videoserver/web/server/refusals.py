"""Answers that the server gives without the application, in the API's own form."""

from __future__ import annotations

import json
from http import HTTPStatus
from uuid import uuid4

DETAILS = {
    408: ("request_timeout", "The request did not arrive in time."),
    411: ("length_required", "A body needs a Content-Length; chunked bodies are not read."),
    413: ("too_large", "The request is too large."),
    431: ("headers_too_large", "The request's headers are too large."),
    503: ("too_many_transfers", "Too many slow or long requests are under way. Try again later."),
}
RETRY_AFTER = 5


def refusal(status: int) -> bytes:
    """The whole answer, after which the connection is closed."""
    code, detail = DETAILS[status]
    title, request_id = HTTPStatus(status).phrase, str(uuid4())
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    body = json.dumps(problem | {"errors": [], "request_id": request_id}).encode()
    head = [f"HTTP/1.1 {status} {title}", "Content-Type: application/problem+json", f"Content-Length: {len(body)}"]
    head += ["Cache-Control: no-store", f"X-Request-ID: {request_id}", "Connection: close"]
    if status == 503:
        head.append(f"Retry-After: {RETRY_AFTER}")
    return "\r\n".join([*head, "", ""]).encode() + body
