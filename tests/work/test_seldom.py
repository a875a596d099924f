"""A state that lasts is logged once a minute."""

from __future__ import annotations

import logging

import pytest

from videoserver.work import seldom

logger = logging.getLogger("tests.seldom")


def test_a_topic_is_logged_once_a_minute_with_how_often_it_was_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 1000.0
    monkeypatch.setattr(seldom.time, "monotonic", lambda: now)
    for _ in range(3):
        seldom.warn(logger, "one topic", "It is %s", "away")
    seldom.warn(logger, "another topic", "It rains")
    now += 59
    seldom.warn(logger, "one topic", "It is %s", "away")
    now += 1
    seldom.warn(logger, "one topic", "It is still %s", "away")
    assert [record.getMessage() for record in caplog.records] == [
        "It is away",
        "It rains",
        "It is still away (3 more times since the last such line)",
    ]
