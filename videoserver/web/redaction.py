"""Takes keys, tokens and signatures out of everything that is logged."""

import re
from collections.abc import MutableMapping
from typing import Any

HIDDEN = "[hidden]"
# Headers and fields whose value is hidden whole, whatever it looks like.
SECRET_NAMES = re.compile(
    r"(?i)^(authorization|proxy[-_]authorization|cookie|set[-_]cookie|x[-_]api[-_]key|api[-_]?key|api[-_]token"
    r"|.*(password|passwd|secret|token|signature|credential)s?|secret[-_]key|private[-_]key)$"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(sk_)[0-9A-Za-z]{8}_[0-9A-Za-z]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\b(r8_|whsec_|AKIA)[0-9A-Za-z+/=_-]{8,}"), rf"\1{HIDDEN}"),
    (
        re.compile(r"(?i)\b((?:proxy-)?authorization['\"]?\s*[:=]\s*['\"]?)(?:(bearer|basic|token)\s+)?[^\s'\",;]+"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)\b(x-api-key['\"]?\s*[:=]\s*['\"]?)[^\s'\",;]+"), rf"\1{HIDDEN}"),
    # Queries that sign a URL or carry a token, and forms that carry a password.
    (
        re.compile(
            r"(?i)((?:token|signature|\bsig|credential|secret|password|passwd|api_?key|accesskeyid|key-pair-id|\bpolicy)=)"
            r"[^&\s'\"<>]+"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^/\s@:'\"]{0,200}:[^/\s@'\"]{1,200}@"), rf"\1{HIDDEN}@"),
)
# Every pattern needs one of these; looking for them first keeps ordinary lines cheap.
_MAYBE = re.compile(
    r"(?i)sk_|r8_|whsec_|akia|auth|bearer|basic|api|token|sig|cred|secret|passw|keyid|pair-id|policy|://"
)


def redact(text: str) -> str:
    """The text without secrets."""
    if not _MAYBE.search(text):
        return text
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the last before the line is written, when tracebacks are text already."""
    for name, value in event.items():
        # Ours and the formatter's own fields are objects and no text.
        if not name.startswith("_"):
            event[name] = HIDDEN if SECRET_NAMES.match(name) and value else _clean(value)
    return event


def _clean(value: Any) -> Any:
    match value:
        case str():
            return redact(value)
        case None | bool() | int() | float():
            return value
        case dict():
            return {
                name: HIDDEN if SECRET_NAMES.match(str(name)) and inner else _clean(inner)
                for name, inner in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_clean(inner) for inner in value]
        case bytes():
            return redact(value.decode("utf-8", "replace"))
    return redact(str(value))
