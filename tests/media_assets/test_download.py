"""Downloads from sources that lie, stall, break off, send too much, or send us elsewhere."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media_assets.download import Downloaded, Limits, _Transfer, download
from media_assets.exceptions import (
    DownloadTimeout,
    FileEmpty,
    MediaError,
    NetworkError,
    SourceExpired,
    SourceRefused,
    TooLarge,
    UrlNotAllowed,
)
from tests.media_assets.hostile_source import Source, file, source

LIMITS = Limits(bytes=100_000, seconds=5, read=2)
BODY = bytes(range(256)) * 40


@pytest.fixture
def server() -> Iterator[Source]:
    with source() as made:
        yield made


def fetch(server: Source, url: str, folder: Path, limits: Limits = LIMITS, **how: Any) -> Downloaded:
    progress = how.get("on_progress", lambda *_: None)
    return download(url, folder / "file", limits, progress, {server.place})


def test_the_bytes_come_whole_with_their_hash(server: Source, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    found = fetch(server, server.url("/a", file(BODY)), tmp_path, on_progress=lambda *progress: seen.append(progress))
    assert found.path.read_bytes() == BODY
    assert (found.size, found.sha256) == (len(BODY), hashlib.sha256(BODY).hexdigest())
    assert seen[-1] == (len(BODY), len(BODY))


def test_nothing_of_ours_is_told_to_the_source(server: Source, tmp_path: Path) -> None:
    fetch(server, server.url("/a", file(BODY)) + "?token=theirs#mine", tmp_path)
    lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == "GET /a?token=theirs HTTP/1.1"
    assert {line.split(":")[0].lower() for line in lines[1:] if line} == {
        "host", "user-agent", "accept", "accept-encoding",
    }  # fmt: skip
    assert "Accept-Encoding: identity" in lines


@pytest.mark.parametrize(
    ("answer", "refusal", "permanent"),
    [
        (file(b""), FileEmpty, True),
        (file(BODY, length=len(BODY) + 1), NetworkError, False),
        (file(BODY, length=100_001), TooLarge, True),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(100_001), TooLarge, True),
        (file(BODY, "Content-Encoding: gzip"), SourceRefused, True),
        (file(BODY, "Content-Encoding: br"), SourceRefused, True),
        (file(b"", status="204 No Content"), SourceRefused, True),
        (file(BODY, "Content-Range: bytes 0-9/10", status="206 Partial Content"), SourceRefused, True),
        (file(b"gone", status="404 Not Found"), SourceExpired, True),
        (file(b"gone", status="403 Forbidden"), SourceExpired, True),
        (file(b"gone", status="410 Gone"), SourceExpired, True),
        (file(b"who", status="401 Unauthorized"), SourceRefused, True),
        (file(b"later", status="503 Service Unavailable"), NetworkError, False),
        (file(b"later", status="429 Too Many Requests"), NetworkError, False),
        (file(b"", status="302 Found"), SourceRefused, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", TooLarge, True),
        (b"", NetworkError, False),
        (b"HTTP/1.1 200", FileEmpty, True),
        (b"SSH-2.0-OpenSSH_9.2\r\n", NetworkError, False),
        (b"\x00\x01\x02" * 1000, NetworkError, False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", NetworkError, False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", NetworkError, False),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", NetworkError, False),
    ],
)
def test_an_answer_that_is_no_whole_file_is_refused(
    server: Source, tmp_path: Path, answer: bytes, refusal: type[MediaError], permanent: bool
) -> None:
    with pytest.raises(refusal) as caught:
        fetch(server, server.url("/a", answer), tmp_path)
    assert type(caught.value) is refusal and caught.value.permanent is permanent
    assert "127.0.0.1" not in caught.value.detail


def test_bytes_after_the_announced_length_are_not_the_files(server: Source, tmp_path: Path) -> None:
    assert fetch(server, server.url("/a", file(BODY, length=10)), tmp_path).size == 10


def drip(connection: socket.socket, _request: bytes) -> None:
    """A byte now and then, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def drip_headers(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"y")
        time.sleep(0.02)


def silence(connection: socket.socket, _request: bytes) -> None:
    connection.recv(1)


def endless(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1000\r\n" + bytes(0x1000) + b"\r\n")


def hold_open(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(file(BODY))
    connection.recv(1)


@pytest.mark.parametrize("script", [drip, drip_headers])
def test_the_whole_time_is_limited(server: Source, tmp_path: Path, script: Any) -> None:
    began = time.monotonic()
    with pytest.raises(DownloadTimeout):
        fetch(server, server.url("/a", script), tmp_path, Limits(bytes=10**9, seconds=1, read=2))
    assert time.monotonic() - began < 3


def test_what_is_too_slow_is_given_up(server: Source, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="too slow"):
        fetch(server, server.url("/a", drip), tmp_path, Limits(bytes=10**9, seconds=20, read=2, window=0.5))


def test_a_silent_source_is_given_up(server: Source, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="silent"):
        fetch(server, server.url("/a", silence), tmp_path, Limits(bytes=1000, seconds=20, read=0.3))


def test_an_endless_body_is_cut_at_the_cap(server: Source, tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        fetch(server, server.url("/a", endless), tmp_path)
    assert (tmp_path / "file").stat().st_size <= LIMITS.bytes


def test_a_source_that_holds_the_connection_open_delays_nothing(server: Source, tmp_path: Path) -> None:
    assert fetch(server, server.url("/a", hold_open), tmp_path, Limits(100_000, 20, read=10)).size == len(BODY)


def test_a_caller_who_wants_no_more_is_heard_at_once(server: Source, tmp_path: Path) -> None:
    """Also while the source is silent: a cancel does not wait for the network."""

    def refuse(*_: Any) -> None:
        raise InterruptedError

    threads = threading.active_count()
    began = time.monotonic()
    with pytest.raises(InterruptedError):
        fetch(server, server.url("/a", silence), tmp_path, Limits(1000, 60, read=30), on_progress=refuse)
    assert time.monotonic() - began < 5
    assert threading.active_count() <= threads + 1


def test_a_caller_is_heard_while_the_source_delays_its_greeting(server: Source, tmp_path: Path) -> None:
    """Nobody has a socket to shut while TLS is negotiated; what follows must not begin."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        place = f"127.0.0.1:{mute.getsockname()[1]}"

        def refuse(*_: Any) -> None:
            raise InterruptedError

        began = time.monotonic()
        with pytest.raises(InterruptedError):
            download(f"https://{place}/", tmp_path / "file", Limits(1000, 60, connect=2), refuse, {place})
        assert time.monotonic() - began < 5


def test_a_download_that_was_given_up_while_it_connected_fetches_nothing(server: Source, tmp_path: Path) -> None:
    transfer = _Transfer(server.url("/a", file(BODY)), tmp_path / "file", LIMITS, {server.place})
    transfer.abort()
    with pytest.raises(NetworkError, match="nobody waits"):
        transfer.run()
    assert not (tmp_path / "file").exists() and not server.requests


def away(place: str) -> bytes:
    return file(b"", f"Location: {place}", status="302 Found")


def test_redirects_are_followed_up_to_five_times(server: Source, tmp_path: Path) -> None:
    last = server.url("/0", file(BODY))
    for hop in range(1, 7):
        server.url(f"/{hop}", away(f"/{hop - 1}"))
    fetch(server, last.replace("/0", "/5"), tmp_path).path.unlink()
    with pytest.raises(SourceRefused, match="more than 5 times"):
        fetch(server, last.replace("/0", "/6"), tmp_path)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "http://[::1]/",
        "//localhost/",
        "ftp://1.1.1.1/",
        "http://[::1",
    ],
)
def test_a_redirect_to_where_nobody_may_go_is_not_followed(
    server: Source, tmp_path: Path, status: int, place: str
) -> None:
    answer = file(b"", f"Location: {place}", status=f"{status} Elsewhere")
    with pytest.raises(UrlNotAllowed):
        fetch(server, server.url("/a", answer), tmp_path)
    assert len(server.requests) == 1


def test_a_port_that_nobody_listens_on_is_a_network_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NetworkError, match="refuses the connection"):
        download(f"http://127.0.0.1:{port}/", tmp_path / "file", LIMITS, lambda *_: None, {f"127.0.0.1:{port}"})


def test_a_source_without_a_valid_certificate_is_a_network_error(server: Source, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="certificate"):
        fetch(server, server.url("/a", file(BODY)).replace("http:", "https:"), tmp_path)
