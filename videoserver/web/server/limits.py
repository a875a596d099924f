"""What a client may take of the server. Numbers that an operator may change are arguments of `manage.py web`."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address

HEAD_BYTES = 32 * 1024
"""Of one request's head; as nginx (large_client_header_buffers: four of 8 KiB)."""
SMALL_BODY = 64 * 1024
"""A body up to this length is collected by the event loop before a thread is taken."""
SMALL_BODY_WAIT = 0.25
"""Seconds in which it comes or a thread answers without it: a caller who may not call is told so soon."""
BUFFERED_BYTES = 16 * 1024**2
"""Of all heads and small bodies that are not complete."""
LARGE_ANSWER = 64 * 1024
"""A longer answer, or one of unknown length, is a transfer from its first byte."""
LINGER = 5.0
"""Seconds in which a client may read the last answer after we closed our side."""
EVICT_AFTER = 5.0
"""A transfer below the least rate for so long gives way to a new one when there is no other room."""
HELD_BYTES = 16 * 1024**2
"""Of answers that wait in memory for slow clients, all together: 250 of the smallest that count. Files take none."""
EVICT_HOLDER_AFTER = 0.5
"""As above, for an answer in memory when those are too many."""


@dataclass(frozen=True)
class Limits:
    """Seconds, bytes and counts."""

    header_timeout: float = 10.0
    least_rate: int = 1024
    """Bytes a second that a client sends or takes …"""
    rate_window: float = 30.0
    """… on average over so many seconds in which we waited for it."""
    transfers: int = 512
    """Slow or long requests at once, each with a thread that sleeps most of the time."""
    transfers_per_address: int = 256
    connections: int = 4096
    connections_per_address: int = 1024
    max_body: int = 0
    """Bytes of a request's body; 0 for no limit here."""
    trusted: tuple[IPv4Network | IPv6Network, ...] = field(default=())
    """Proxies, which speak for many clients: they have no limit of their own."""

    def address_group(self, address: str) -> str:
        """Whom a limit counts: an address, an IPv6 network of 64 bits, or nobody ("") for a trusted proxy."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return address
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        if any(parsed in network for network in self.trusted if network.version == parsed.version):
            return ""
        return str(parsed) if parsed.version == 4 else str(IPv6Network((int(parsed) >> 64 << 64, 64)))
