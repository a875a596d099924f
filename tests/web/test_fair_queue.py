"""Requests that wait for a thread: callers take turns, and within a caller its paths."""

from videoserver.web.server.fair_queue import FairQueue


def taken(queue: FairQueue[str], count: int) -> list[str | None]:
    return [queue.take() for _ in range(count)]


def test_callers_take_turns() -> None:
    queue: FairQueue[str] = FairQueue(most=10)
    for number in range(3):
        queue.put(("ann", "film"), f"ann {number}")
    queue.put(("bob", "job"), "bob 0")
    assert taken(queue, 5) == ["ann 0", "bob 0", "ann 1", "ann 2", None]


def test_the_paths_of_a_caller_take_turns() -> None:
    queue: FairQueue[str] = FairQueue(most=10)
    for number in range(3):
        queue.put(("ann", "film"), f"film {number}")
    queue.put(("ann", "job"), "job 0")
    assert taken(queue, 4) == ["film 0", "job 0", "film 1", "film 2"]


def test_one_place_takes_only_its_share_at_the_same_time() -> None:
    queue: FairQueue[str] = FairQueue(most=1)
    for number in range(2):
        queue.put(("ann", "film"), f"film {number}")
    queue.put(("ann", "job"), "job 0")
    assert taken(queue, 3) == ["film 0", "job 0", None]
    queue.done(("ann", "film"))
    assert taken(queue, 2) == ["film 1", None]
