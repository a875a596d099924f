"""A job's changes as server-sent events."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rendering.api import events
from rendering.models import Job, Storyboard
from rendering.workflow import order
from tests.base import Api, problem
from videoserver.web.prefer import seats


@pytest.fixture
def job(approved: Storyboard) -> Job:
    """An order for the approved storyboard's film."""
    return order.render(approved)[0]


def told(chunk: bytes) -> Any:
    """The job in one event."""
    name, data = chunk.decode().removesuffix("\n\n").split("\n")
    assert name == "event: job"
    return json.loads(data.removeprefix("data: "))


def test_a_stream_tells_each_change_and_ends_with_the_last(author_api: Api, job: Job) -> None:
    response = author_api.get(f"/api/v1/jobs/{job.pk}/events/", headers={"Accept": "text/event-stream"})
    assert (response.status_code, response["Content-Type"]) == (200, "text/event-stream")
    stream: Iterator[bytes] = iter(response.streaming_content)  # type: ignore[attr-defined]
    assert told(next(stream)) == author_api.get(f"/api/v1/jobs/{job.pk}/").json()
    author_api.post(f"/api/v1/jobs/{job.pk}/cancel/")
    assert [told(chunk)["status"] for chunk in stream] == ["canceled"]


def test_a_stream_ends_after_its_time(author_api: Api, job: Job) -> None:
    looks = iter(range(100))
    chunks = list(events.Events(lambda: ({"look": next(looks) // 3}, False), length=0.05, pause=0.01))
    assert [told(chunk)["look"] for chunk in chunks] == list(range(len(chunks)))


def test_a_stream_needs_a_seat_and_gives_it_back(author_api: Api, job: Job) -> None:
    taken = [seats.take() for _ in range(seats.count)]
    assert all(taken)
    response = author_api.get(f"/api/v1/jobs/{job.pk}/events/")
    problem(response, 503, "too_many_streams")
    assert response["Retry-After"] == "5"
    for _ in taken:
        seats.leave()
    author_api.post(f"/api/v1/jobs/{job.pk}/cancel/")
    for _ in range(seats.count + 1):
        whole = author_api.get(f"/api/v1/jobs/{job.pk}/events/")
        assert whole.status_code == 200
        assert len(list(whole.streaming_content)) == 1  # type: ignore[attr-defined]
