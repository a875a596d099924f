"""No key, token or signature reaches the log; everything else does, word for word."""

import io
import json
import logging
import logging.config
import time

import pytest
import structlog

from videoserver.access import keys
from videoserver.web import logs
from videoserver.web.redaction import redact, redact_event

KEY = keys.make().text
SECRETS = [
    f"sent {KEY} to us",
    "token r8_" + "aB3" * 12,
    "Authorization: Bearer abc.def-123",
    "{'Authorization': 'Basic dXNlcjpwYXNz'}",
    '{"X-API-Key": "whatever-it-is"}',
    "GET /api/v1/media/1/data?token=eyJhIjoxfQ:1abc:xyz&at=3",
    "https://bucket.s3/x?X-Amz-Credential=AKIA1234%2Fx&X-Amz-Signature=deadbeef&X-Amz-Expires=60",
    "https://cdn/x?Expires=1&Signature=deadbeef&Key-Pair-Id=K1",
    "postgres://user:hunter2@db/videoserver",
    "password=hunter2",
    "whsec_" + "c2VjcmV0" * 4,
]
BITS = [
    "aB3",
    "abc.def",
    "dXNlcjpwYXNz",
    "whatever",
    "eyJhIjoxfQ",
    "deadbeef",
    "AKIA1234",
    "hunter2",
    "c2VjcmV0",
    KEY[12:],
]


@pytest.mark.parametrize("text", SECRETS, ids=range(len(SECRETS)))
def test_secrets_are_hidden(text):
    hidden = redact(text)
    assert "[hidden]" in hidden
    assert not [bit for bit in BITS if bit in hidden]


@pytest.mark.parametrize(
    "text",
    [
        "Job 7: Starting video rendering",
        "Job 7: Cost - Estimated: $2.50, Actual: $2.65",
        "Cleaned up temp directory: /var/x/intro_abc",
        "https://example.org/a.mp4?size=3&at=2",
        "task_key=7 author=me sketch sk_ r8_",
        "monkey=1 tokens: 5",
    ],
)
def test_the_rest_is_kept_word_for_word(text):
    assert redact(text) == text


@pytest.mark.parametrize("part", ["a-", "a.", "://a:", "bearer ", "token", "authorization:", "sk_", "'\"="])
def test_a_hostile_line_takes_no_time(part):
    line = "token api " + part * (50_000 // len(part))
    start = time.perf_counter()
    redact(line)
    assert time.perf_counter() - start < 2


def test_what_stays_readable_around_a_secret():
    assert redact(SECRETS[5]) == "GET /api/v1/media/1/data?token=[hidden]&at=3"


def test_secret_fields_are_hidden_whatever_they_hold():
    event = redact_event(
        None, "", {"event": "x", "api_key": "z", "headers": {"Cookie": "sessionid=1", "Host": "h"}, "n": [KEY]}
    )
    assert event["api_key"] == event["headers"]["Cookie"] == "[hidden]"
    assert event["headers"]["Host"] == "h"
    assert KEY not in str(event)


@pytest.fixture
def lines():
    """Writes through our format into memory: `lines("json")` gives a logger and what it wrote."""

    def make(form: str):
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        formatter = logging.config.DictConfigurator(
            {"version": 1, "formatters": (made := logs.config(form))["formatters"]}
        ).configure_formatter(made["formatters"]["line"])
        handler.setFormatter(formatter)
        logger = logging.Logger("rendering", logging.INFO)
        logger.addHandler(handler)
        return logger, stream

    return make


def test_a_json_line_keeps_the_event_and_has_the_bound_ids(lines):
    logger, stream = lines("json")
    with structlog.contextvars.bound_contextvars(job_id="j1", request_id="r1"):
        logger.info("Job %s: Starting video rendering", 7)
    line = json.loads(stream.getvalue())
    assert line["event"] == "Job 7: Starting video rendering"
    assert (line["job_id"], line["request_id"], line["level"], line["logger"]) == ("j1", "r1", "info", "rendering")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_is_written_without_its_secrets(lines, form):
    logger, stream = lines(form)
    try:
        raise ValueError(f"cannot call https://x/?token=abcdef with {KEY}")
    except ValueError:
        logger.exception("Job 7: Marked as failed")
    written = stream.getvalue()
    assert "Job 7: Marked as failed" in written
    assert "ValueError: cannot call https://x/?token=[hidden] with sk_[hidden]" in written
    assert KEY not in written
