"""The argument `--older-than` of commands that clean up: seconds, or a number with its unit."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
HELP = "an age: seconds, or a number with s, m, h or d, as in 90m"


def seconds(text: str) -> float:
    """The age in seconds. Raises ArgumentTypeError with a sentence."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip())
    if not found:
        raise ArgumentTypeError(f"{text!r} is no age. Write {HELP[8:]}.")
    return float(found[1]) * UNITS[found[2]]


def size(count: int) -> str:
    """Bytes for people."""
    amount, unit = float(count), "bytes"
    for unit in ("bytes", "KB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
