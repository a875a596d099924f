"""Seats: few in all, a share for each caller, and back as soon as the client has left."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from tests.services import wait_until
from videoserver.web import prefer
from videoserver.web.presence import client_check, has_left
from videoserver.web.seats import Seats


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's side and the client's side."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def asked(connection: socket.socket | None = None, **headers: str) -> Request:
    environment = {"gunicorn.socket": connection} if connection else {}
    request = Request(APIRequestFactory().get("/", headers=headers, **environment))  # type: ignore[arg-type]
    request.user = User(pk=7)
    return request


@pytest.mark.parametrize(("count", "share"), [(1, 1), (2, 1), (4, 1), (8, 2), (9, 2), (32, 8)])
def test_a_caller_has_a_quarter_of_the_seats_and_one_at_least(count: int, share: int):
    seats = Seats(count)
    assert [seats.take("key:a") for _ in range(count + 1)].count(True) == share
    if count > share:
        assert seats.take("key:b")


def test_all_callers_together_have_no_more_than_there_are():
    seats = Seats(8)
    assert sum(seats.take(f"key:{name}") for name in "abcdef" for _ in range(3)) == 8
    seats.leave("key:a")
    assert not seats.take("key:b")
    assert seats.take("key:f")


def test_a_seat_that_is_left_is_the_callers_again():
    seats = Seats(4)
    assert seats.take("key:a")
    assert not seats.take("key:a")
    seats.leave("key:a")
    assert seats.take("key:a")


def test_seats_are_counted_right_by_many_threads_at_once():
    seats, held, most = Seats(8), [0], [0]
    lock = threading.Lock()

    def use() -> None:
        for _ in range(200):
            if seats.take("key:a"):
                with lock:
                    held[0] += 1
                    most[0] = max(most[0], held[0])
                with lock:
                    held[0] -= 1
                seats.leave("key:a")

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] <= seats.share
    assert [seats.take("key:a") for _ in range(3)] == [True, True, False]


def test_a_client_that_waits_is_there(connection: tuple[socket.socket, socket.socket]):
    ours, theirs = connection
    assert not has_left(ours)
    theirs.send(b"GET /next")
    assert not has_left(ours)
    assert ours.recv(9) == b"GET /next"  # what it sent is still there


def test_a_client_that_closed_has_left(connection: tuple[socket.socket, socket.socket]):
    ours, theirs = connection
    theirs.close()
    assert has_left(ours)


def test_a_connection_that_we_closed_is_no_client(connection: tuple[socket.socket, socket.socket]):
    connection[0].close()
    assert has_left(connection[0])


def test_without_a_socket_nobody_has_left():
    assert client_check(HttpRequest())() is False
    assert client_check(asked())() is False


def test_a_wait_ends_when_the_client_leaves(connection: tuple[socket.socket, socket.socket]):
    ours, theirs = connection
    request, ended = asked(ours, Prefer="wait=60"), threading.Event()

    def wait() -> None:
        prefer.wait_for_end(request, lambda: "running", lambda _: False)
        ended.set()

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    wait_until(lambda: prefer.seats._taken == 1, "the wait")
    theirs.close()
    assert ended.wait(10)
    assert prefer.seats._taken == 0
