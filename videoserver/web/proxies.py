"""Who called, and how, when proxies stand between: believed from `TRUSTED_PROXIES` alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Network = IPv4Network | IPv6Network
PROBES = frozenset({"/health/live", "/health/live/", "/health/ready", "/health/ready/"})
SCHEMES = ("http", "https")


class TrustedProxies:
    """Stands before all other middleware: after it `REMOTE_ADDR` and the scheme are the client's own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        peer = parsed(meta.get("REMOTE_ADDR", ""))
        forwarded = meta.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = meta.pop("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
        if peer is not None and is_trusted(peer, settings.TRUSTED_PROXIES):
            meta["REMOTE_ADDR"] = str(client(peer, forwarded.split(","), settings.TRUSTED_PROXIES))
            if scheme in SCHEMES:
                meta["wsgi.url_scheme"] = scheme
        if request.path in PROBES and "*" not in settings.ALLOWED_HOSTS:
            # A load balancer asks by address; the answer holds no link.
            meta["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".")
        return self.get_response(request)


def client(
    peer: IPv4Address | IPv6Address, hops: Sequence[str], trusted: Sequence[Network]
) -> IPv4Address | IPv6Address:
    """The first address, from the right, that is no proxy of ours; what stands left of it is the client's own tale."""
    found = peer
    for hop in reversed(hops):
        named = parsed(hop)
        if named is None:
            break
        found = named
        if not is_trusted(found, trusted):
            break
    return found


def is_trusted(address: IPv4Address | IPv6Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)


def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address as headers write it, perhaps with a port; None for what is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
