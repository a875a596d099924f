"""URL → local file: public addresses only, at most so many bytes, seconds and redirects. Knows no Django.

The only room of the house from which a request goes out to where a stranger said.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urljoin

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from media_assets.addresses import Target, judge
from media_assets.exceptions import (
    DownloadTimeout,
    FileEmpty,
    NetworkError,
    SourceExpired,
    SourceRefused,
    TooLarge,
    UrlNotAllowed,
    full_disk_named,
)

CHUNK = 256 * 1024
MOST_DIGITS = 20
"""Of a length that is believed; what is longer is too large anyhow."""
TICK = 0.5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({403, 404, 410})
FOR_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
HEADERS = {"User-Agent": "videoserver", "Accept": "*/*", "Accept-Encoding": "identity"}

OnProgress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Limits:
    """What a download may take."""

    bytes: int
    seconds: float
    connect: float = 5.0
    read: float = 15.0
    """Seconds of silence."""
    window: float = 30.0
    slowest: int = 1000
    """Bytes a second, over each window."""
    hops: int = 5


@dataclass(frozen=True)
class Downloaded:
    """What came. `size` in bytes."""

    path: Path
    size: int
    sha256: str


def download(url: str, path: Path, limits: Limits, on_progress: OnProgress, opened: Collection[str] = ()) -> Downloaded:
    """Fetch a URL into a file that is not there yet.

    `on_progress(bytes, of)` is called every half second in the caller's own thread; what it raises ends the download.
    Raises UrlNotAllowed, NetworkError, DownloadTimeout, SourceExpired, SourceRefused, TooLarge, FileEmpty.
    """
    transfer = _Transfer(url, path, limits, opened)
    end = time.monotonic() + limits.seconds
    with ThreadPoolExecutor(1, thread_name_prefix="download") as pool:
        doing = pool.submit(transfer.run)
        try:
            while not doing.done():
                wait([doing], timeout=TICK)
                on_progress(transfer.size, transfer.announced)
                if time.monotonic() > end and not doing.done():
                    raise DownloadTimeout
            return doing.result()
        except BaseException:
            transfer.abort()
            raise


class _Transfer:
    """One download, in a thread of its own that `abort` ends at once."""

    def __init__(self, url: str, path: Path, limits: Limits, opened: Collection[str]) -> None:
        self.url, self.path, self.limits, self.opened = url, path, limits, opened
        self.size = 0
        self.announced: int | None = None
        self.socket: socket.socket | None = None
        """Kept apart from its connection, which forgets it while the body is still being read."""
        self.response: BaseHTTPResponse | None = None
        self.aborted = threading.Event()

    def run(self) -> Downloaded:
        try:
            return self.save(self.follow())
        except TimeoutError as error:
            raise NetworkError("Network error: the source is silent.") from error
        except (HTTPError, HTTPException, OSError) as error:
            raise NetworkError(f"Network error: {_said(error)}") from error
        finally:
            self.leave()

    def abort(self) -> None:
        """Wake up the thread that waits for the source; it tidies up."""
        self.aborted.set()
        if self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)

    def go_on(self) -> None:
        """Whether anybody still wants it."""
        if self.aborted.is_set():
            raise NetworkError("Network error: nobody waits for it any more.")

    def leave(self) -> None:
        """Close what is open to the present source."""
        for each in (self.response, self.socket):
            if each is not None:
                each.close()

    def follow(self) -> BaseHTTPResponse:
        """The answer that is no redirect; each hop is judged as the first one was."""
        target = judge(self.url, self.opened)
        for _ in range(self.limits.hops + 1):
            response = self.ask(target)
            if response.status not in REDIRECTS:
                return self.judged(response)
            place = response.headers.get("Location")
            self.leave()
            if not place:
                raise SourceRefused("The source redirects to nowhere.")
            onward = judge(joined(target.url, place), self.opened)
            if (target.scheme, onward.scheme) == ("https", "http"):
                raise UrlNotAllowed("A redirect from https to http is not allowed.")
            target = onward
        raise SourceRefused(f"The source redirects more than {self.limits.hops} times.")

    def ask(self, target: Target) -> BaseHTTPResponse:
        """GET from the first of the judged addresses that answers."""
        failure: Exception = NetworkError("Network error: the host has no address.")
        for address in target.addresses:
            connection = connect(target, address, self.limits)
            try:
                connection.connect()
            except (HTTPError, OSError) as error:
                connection.close()
                failure = error
                continue
            self.socket, connection.timeout = connection.sock, self.limits.read
            self.go_on()  # who aborted while this connected had no socket to shut
            connection.request(
                "GET",
                target.path,
                headers={**HEADERS, "Host": target.host_header},
                preload_content=False,
                decode_content=False,
                enforce_content_length=True,
            )
            self.response = connection.getresponse()
            return self.response
        raise failure

    def judged(self, response: BaseHTTPResponse) -> BaseHTTPResponse:
        """The answer, if its body is the file."""
        if response.status in GONE:
            raise SourceExpired
        if response.status in FOR_LATER:
            raise NetworkError(f"Network error: the source answers {response.status}.")
        if response.status != 200:
            raise SourceRefused(f"The source answers {response.status}.")
        if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
            raise SourceRefused("The source compresses what was asked for as it is.")
        length = response.headers.get("Content-Length", "")
        if length.isdecimal():
            self.announced = int(length[:MOST_DIGITS])
        if self.announced is not None and self.announced > self.limits.bytes:
            raise TooLarge(f"The file is larger than {self.limits.bytes} bytes.")
        return response

    def save(self, response: BaseHTTPResponse) -> Downloaded:
        digest = hashlib.sha256()
        since, before = time.monotonic(), 0
        with full_disk_named(), self.path.open("xb") as file:
            while chunk := response.read1(CHUNK):  # what is there already: read() would wait for a whole chunk
                self.go_on()
                self.size += len(chunk)
                if self.size > self.limits.bytes:
                    raise TooLarge(f"The file is larger than {self.limits.bytes} bytes.")
                digest.update(chunk)
                file.write(chunk)
                if (now := time.monotonic()) - since > self.limits.window:
                    if (self.size - before) / (now - since) < self.limits.slowest:
                        raise NetworkError("Network error: the source is too slow.")
                    since, before = now, self.size
        self.go_on()
        if self.announced is not None and self.size != self.announced:
            raise NetworkError("Network error: the source ended too early.")
        if not self.size:
            raise FileEmpty
        return Downloaded(self.path, self.size, digest.hexdigest())


def connect(target: Target, address: str, limits: Limits) -> HTTPConnection:
    """A connection to a judged address, under the name that was asked for."""
    if target.scheme == "http":
        return HTTPConnection(address, target.port, timeout=limits.connect)
    name, context = target.host.rstrip("."), ssl.create_default_context()
    return HTTPSConnection(
        address, target.port, timeout=limits.connect, ssl_context=context, server_hostname=name, assert_hostname=name
    )


def joined(url: str, place: str) -> str:
    """Where a redirect leads. Raises UrlNotAllowed."""
    try:
        return urljoin(url, place)
    except ValueError as error:
        raise UrlNotAllowed("The source redirects to what is no URL.") from error


def _said(error: Exception) -> str:
    """Its kind in words: texts of libraries hold addresses and paths."""
    if isinstance(error, ssl.SSLError) or "SSL" in type(error).__name__ or "certificate" in str(error).lower():
        return "the source's certificate is not valid."
    if isinstance(error, ConnectionRefusedError) or "refused" in str(error).lower():
        return "the source refuses the connection."
    return "the connection broke."
