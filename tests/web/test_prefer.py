"""Prefer: wait=N holds the request until the thing has ended, as long as there are seats."""

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from videoserver.web import prefer
from videoserver.web.prefer import Seats, preferred_wait


def asked(value: str) -> Request:
    return Request(APIRequestFactory().get("/", headers={"Prefer": value}))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("wait=5", 5),
        ('respond-async, Wait = "7"; x=y', 7),
        ("wait=600", 60),
        ("wait=0", 0),
        ("wait", None),
        ("wait=-1", None),
        ("wait=soon", None),
        ("", None),
    ],
)
def test_what_the_caller_prefers(said, seconds):
    assert preferred_wait(asked(said)) == seconds


def test_a_wait_ends_with_the_thing_and_says_so(writer_api):
    response = writer_api.post("/api/v1/things/wait", headers={"Prefer": "wait=10"})
    assert response.json() == {"status": "done"}
    assert response["Preference-Applied"] == "wait=10"


def test_without_a_wish_the_answer_comes_at_once(writer_api):
    response = writer_api.post("/api/v1/things/wait")
    assert response.json() == {"status": "running"}
    assert not response.has_header("Preference-Applied")


def test_without_a_seat_the_answer_comes_at_once(writer_api, monkeypatch):
    monkeypatch.setattr(prefer, "seats", Seats(0))
    response = writer_api.post("/api/v1/things/wait", headers={"Prefer": "wait=10"})
    assert response.json() == {"status": "running"}
    assert not response.has_header("Preference-Applied")


def test_a_seat_is_given_back_even_when_looking_fails():
    before = prefer.seats.take(), prefer.seats.leave()
    looks = iter(["running"])
    with pytest.raises(StopIteration):
        prefer.wait_for_end(asked("wait=1"), lambda: next(looks), lambda look: look == "done")
    assert before[0] is True
    assert prefer.seats._taken == 0


def test_there_are_as_many_seats_as_half_of_the_threads(settings):
    assert prefer.seats.count == settings.WEB_THREADS // 2
    few = Seats(2)
    assert [few.take(), few.take(), few.take()] == [True, True, False]
    few.leave()
    assert few.take()


def test_a_minute_is_accepted_and_held_for_less_than_a_proxy_waits(monkeypatch):
    assert prefer.MAX_WAIT == 60 and prefer.LONGEST_HOLD == 50
    monkeypatch.setattr(prefer, "LONGEST_HOLD", 0.1)
    request = asked("wait=60")
    assert prefer.wait_for_end(request, lambda: "running", lambda look: look == "done") == "running"
    assert request._request.preference_applied == "wait=60"


def test_nobody_waits_for_a_client_that_has_left():
    request = asked("wait=60")
    request.META["videoserver.client_has_left"] = lambda: True
    assert prefer.wait_for_end(request, lambda: "running", lambda look: look == "done") == "running"


def test_without_room_for_another_wait_the_answer_comes_at_once():
    request = asked("wait=60")
    request.META["videoserver.to_transfers"] = lambda: False
    assert prefer.wait_for_end(request, lambda: "running", lambda look: look == "done") == "running"
    assert prefer.seats._taken == 0
