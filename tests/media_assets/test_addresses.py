"""Which URLs may be fetched. None of the refused ones is connected to, whatever it is written like."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from media_assets import addresses
from media_assets.addresses import is_public, judge
from media_assets.download import Limits, download
from media_assets.exceptions import NetworkError, UrlNotAllowed

LOOPBACK = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0",
    "0.0.0.0",  # noqa: S104
    "127.255.255.254", "localhost", "LOCALHOST", "localhost.", "①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1",
    "[::1]", "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]",
]  # fmt: skip
PRIVATE = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.0.9", "192.0.2.1",
    "192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "[fe80::1]", "[fc00::1]", "[fec0::1]", "[ff02::1]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001:db8::1]", "[2001::1]", "[3fff::1]", "[5f00::1]",
    "[::ffff:10.0.0.1]", "0xa9fea9fe", "2852039166",
]  # fmt: skip
NO_URLS = [
    "", "ftp://example.org/a", "file:///etc/passwd", "gopher://127.0.0.1/", "data:text/plain,a", "//127.0.0.1/a",
    "a.mp4", "javascript:alert(1)", "http:///a", "http://", "http://user@example.org/", "http://user:pw@example.org/",
    "http://example.org@127.0.0.1/", "http://example.org\\@127.0.0.1/", "http://exa mple.org/", "http://example.org/\n",
    "http://example.org/a\tb", "http://example.org/\x00", "http://[::1", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/",
    "http://example.org:99999/", "http://example.org:x/", "http://[v1.a]/", "http://exämple.org/ä",
    "http://" + "a" * 5000, "http://*.example.org/",
]  # fmt: skip
PORTS = [22, 25, 81, 3306, 5432, 6379, 8080, 65535]


@pytest.mark.parametrize("host", LOOPBACK + PRIVATE)
def test_an_address_that_is_not_public_is_refused_however_it_is_written(host: str) -> None:
    for scheme in ("http", "https"):
        with pytest.raises((UrlNotAllowed, NetworkError)):
            judge(f"{scheme}://{host}/film.mp4")


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_plain_url_is_refused_before_any_name_is_resolved(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "resolve", lambda host, port: pytest.fail(f"{host} was resolved"))
    with pytest.raises(UrlNotAllowed):
        judge(url)


@pytest.mark.parametrize("port", PORTS)
def test_other_ports_are_refused(port: int) -> None:
    with pytest.raises(UrlNotAllowed, match="port"):
        judge(f"http://1.1.1.1:{port}/")
    with pytest.raises(UrlNotAllowed, match="port"):
        judge(f"https://1.1.1.1:{80 if port == 22 else port}/")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody at home who must not be called."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def test_nobody_at_home_is_called(listener: socket.socket, tmp_path) -> None:
    port = listener.getsockname()[1]
    for host in LOOPBACK:
        with pytest.raises((UrlNotAllowed, NetworkError)):
            download(f"http://{host}:{port}/", tmp_path / "file", Limits(1000, 5), lambda *_: None)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_what_was_opened_may_be_private_with_its_port(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    opened = {f"127.0.0.1:{port}"}
    assert judge(f"http://127.0.0.1:{port}/a?b=c#d", opened).path == "/a?b=c"
    for other in (f"http://localhost:{port}/", f"http://127.0.0.1:{port + 1}/", "http://127.0.0.1/"):
        with pytest.raises(UrlNotAllowed):
            judge(other, opened)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001:82b::200e"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "resolve", lambda host, port: ["1.1.1.1", "10.0.0.1"])
    with pytest.raises(UrlNotAllowed):
        judge("http://mixed.example/")


def test_a_name_is_resolved_once_and_the_judged_address_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: the second look-up would say something else, and is never made."""
    answers = [["1.1.1.1"], ["127.0.0.1"]]
    monkeypatch.setattr(addresses, "resolve", lambda host, port: answers.pop(0))
    target = judge("http://rebinding.example/")
    assert target.addresses == ("1.1.1.1",) and target.host_header == "rebinding.example"
    assert len(answers) == 1


def test_a_name_that_does_not_resolve_is_a_network_error() -> None:
    with pytest.raises(NetworkError, match="does not resolve"):
        judge("http://no-such-host.invalid/")


def test_a_host_header_has_the_name_and_an_unusual_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "resolve", lambda host, port: ["1.1.1.1"])
    assert judge("https://Example.org:443/").host_header == "example.org"
    assert judge("http://example.org:8080/", {"example.org:8080"}).host_header == "example.org:8080"
    assert judge("http://bücher.example/").host_header == "xn--bcher-kva.example"
