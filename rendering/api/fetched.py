"""Answers after which an ephemeral result is gone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase

from media_assets.serving import FileAnswer
from rendering.models import Job
from rendering.workflow import ephemeral

WHOLE = re.compile(r"bytes 0-(\d+)/(\d+)")


def gone_after(job: Job, response: HttpResponseBase) -> HttpResponseBase:
    """The same answer; when it holds all of an ephemeral result, its end, or its breaking off, is the result's end."""
    if ephemeral.is_ephemeral(job) and isinstance(response, StreamingHttpResponse) and is_whole(response):
        chunks: Iterable[bytes] = response.streaming_content  # type: ignore[assignment]
        if isinstance(response, FileAnswer):
            response.file_to_stream = None  # sent by us, chunk by chunk: see Once
        response.streaming_content = Once(chunks, lambda: ephemeral.end(job.pk))
    return response


def is_whole(response: HttpResponseBase) -> bool:
    if response.status_code == 200:
        return True
    span = WHOLE.fullmatch(response.headers.get("Content-Range", ""))
    return span is not None and int(span[1]) + 1 == int(span[2])


class Once:
    """Chunks, and what happens when the answer is closed: Django calls it also for a client that has gone. Nothing
    happens when nobody asked for a chunk: the server refused to begin."""

    def __init__(self, chunks: Iterable[bytes], end: Callable[[], Any]) -> None:
        self.chunks, self.end = chunks, end
        self.begun = False

    def __iter__(self) -> Iterator[bytes]:
        self.begun = True
        yield from self.chunks

    def close(self) -> None:
        if self.begun:
            self.end()
