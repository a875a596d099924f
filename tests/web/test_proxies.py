"""Who called, behind proxies: TRUSTED_PROXIES alone are believed."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from videoserver.web.links import absolute
from videoserver.web.proxies import TrustedProxies

PROXY = "10.0.0.9"


@pytest.fixture
def trusted(settings: Any) -> None:
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8::1"))


def seen(peer: str, **headers: str) -> HttpRequest:
    """The request as the application sees it."""
    found: list[HttpRequest] = []

    def get_response(request: HttpRequest) -> HttpResponseBase:
        found.append(request)
        return HttpResponse()

    TrustedProxies(get_response)(RequestFactory().get("/", REMOTE_ADDR=peer, **headers))
    return found[0]


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7, 10.1.1.1", "198.51.100.7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("10.1.1.1", "10.1.1.1"),
        ("6.6.6.6, nonsense", PROXY),
        ("6.6.6.6, nonsense, 10.1.1.1", "10.1.1.1"),
        ("", PROXY),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy(trusted: None, forwarded: str, client: str) -> None:
    assert seen(PROXY, HTTP_X_FORWARDED_FOR=forwarded).META["REMOTE_ADDR"] == client


def test_a_trusted_proxy_says_the_scheme(trusted: None) -> None:
    assert seen(PROXY, HTTP_X_FORWARDED_PROTO="https").is_secure()
    assert not seen(PROXY, HTTP_X_FORWARDED_PROTO="gopher").is_secure()
    assert not seen(PROXY).is_secure()


def test_nobody_else_is_believed(trusted: None) -> None:
    request = seen("192.0.2.1", HTTP_X_FORWARDED_FOR="198.51.100.7", HTTP_X_FORWARDED_PROTO="https")
    assert request.META["REMOTE_ADDR"] == "192.0.2.1" and not request.is_secure()
    assert "HTTP_X_FORWARDED_FOR" not in request.META


def test_without_trusted_proxies_loopback_is_not_believed_either(settings: Any) -> None:
    settings.TRUSTED_PROXIES = ()
    assert seen("127.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.7").META["REMOTE_ADDR"] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/health/live", "/health/live/"])
def test_a_load_balancer_asks_by_address(db: None, settings: Any, path: str) -> None:
    settings.ROOT_URLCONF = "videoserver.urls"
    assert Client(headers={"host": "10.4.5.6:8000"}).get(path).status_code == 200


def test_every_other_path_asks_for_a_known_host(db: None, settings: Any) -> None:
    settings.ROOT_URLCONF = "videoserver.urls"
    assert Client(headers={"host": "10.4.5.6:8000"}).get("/admin/login/").status_code == 400


def test_links_come_from_the_public_url_where_it_was_set(settings: Any) -> None:
    request = RequestFactory().get("/api/v1/jobs/?page_size=2", headers={"host": "localhost:8000"})
    settings.PUBLIC_URL, settings.PUBLIC_URL_IS_SET = "https://video.example.org", True
    assert absolute(request) == "https://video.example.org/api/v1/jobs/?page_size=2"
    settings.PUBLIC_URL_IS_SET = False
    assert absolute(request) == "http://localhost:8000/api/v1/jobs/?page_size=2"
