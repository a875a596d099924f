"""Which URLs may be fetched: public addresses only, judged as they are connected to. Knows no Django.

A name is resolved once, all of its addresses are judged, and the connection goes to a judged address: what a second
look-up would say (DNS rebinding) is never asked.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from media_assets.exceptions import NetworkError, UrlNotAllowed

LONGEST_URL = 4096
RESOLVE_SECONDS = 5.0
PORTS = {"http": 80, "https": 443}
UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")
HOST = re.compile(r"[A-Za-z0-9._-]{1,253}")
# Python's is_global lets some of these through, and not the same ones in each version. 168.63.129.16 is a cloud's own.
CLOSED_V4 = tuple(map(IPv4Network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/3")))
OPEN_V6 = IPv6Network("2000::/3")
CLOSED_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))


@dataclass(frozen=True)
class Target:
    """Where a request goes: the name that was asked for, and the addresses that were judged."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]

    @property
    def host_header(self) -> str:
        """The name as HTTP wants it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def judge(url: str, opened: Collection[str] = ()) -> Target:
    """Take a URL apart, resolve its host and judge every address. `opened`: `host:port` that may be private.

    Raises UrlNotAllowed, and NetworkError when the name does not resolve.
    """
    parts, host, port = _taken_apart(url)
    is_open = f"{f'[{host}]' if ':' in host else host}:{port}" in opened
    if not is_open and port != PORTS[parts.scheme]:
        raise UrlNotAllowed(f"The port {port} is not allowed: {PORTS[parts.scheme]} is.")
    addresses = resolve(host, port)
    if not is_open and not all(map(is_public, addresses)):
        raise UrlNotAllowed("The address is not a public one.")
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    return Target(url, parts.scheme, host, port, path, tuple(addresses))


def is_public(address: str) -> bool:
    """Whether anybody on the internet could be there, and nobody of ours."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if isinstance(ip, IPv4Address):
        return ip.is_global and not any(ip in closed for closed in CLOSED_V4)
    return ip in OPEN_V6 and ip.is_global and not any(ip in closed for closed in CLOSED_V6)


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, each once. Raises NetworkError."""
    # The system's resolver can't be stopped, but nobody has to wait for it.
    pool = ThreadPoolExecutor(1, thread_name_prefix="resolve")
    try:
        found = pool.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM).result(RESOLVE_SECONDS)
    except (OSError, UnicodeError, TooSlow) as error:
        raise NetworkError("Network error: the host's name does not resolve.") from error
    finally:
        pool.shutdown(wait=False)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _taken_apart(url: str) -> tuple[SplitResult, str, int]:
    if not url or len(url) > LONGEST_URL or UNFIT.search(url):
        raise UrlNotAllowed("This is no URL: it is empty, too long, or holds a space or a control character.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlNotAllowed("This is no URL.") from error
    if parts.scheme not in PORTS:
        raise UrlNotAllowed("Only http and https are allowed.")
    if "@" in parts.netloc:
        raise UrlNotAllowed("A user name or password is not allowed.")
    if "[" in parts.netloc and ":" not in (parts.hostname or ""):
        raise UrlNotAllowed("This is no IPv6 address.")
    if not parts.path.isascii() or not parts.query.isascii():
        raise UrlNotAllowed("What is not ASCII must be percent-encoded.")
    return parts, _named(parts.hostname or ""), PORTS[parts.scheme] if port is None else port


def _named(host: str) -> str:
    if ":" in host:
        try:
            if "%" not in host:  # a zone is of this machine
                return str(IPv6Address(host))
            raise ValueError(host)
        except ValueError as error:
            raise UrlNotAllowed("This is no IPv6 address.") from error
    try:
        name = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise UrlNotAllowed("The host is no name.") from error
    if not HOST.fullmatch(name):
        raise UrlNotAllowed("The host is no name.")
    return name.lower()
