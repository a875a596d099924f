"""One pass over what somebody sent: where it is wrong, with a code and a sentence for each place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong: where (RFC 6901), a stable code, and a sentence."""

    pointer: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}


@dataclass
class Check:
    """One pass over a document: what it found, and how strict it is."""

    errors: list[FieldError]
    for_render: bool = False
    scene: int | None = None
    """The scene's number in sentences, from 1; None outside of a scene."""

    def fail(self, pointer: str, code: str, detail: str) -> None:
        self.errors.append(FieldError(pointer, code, detail))


def step(pointer: str, key: str | int) -> str:
    """The pointer one step further down."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def kind(value: Any) -> str:
    """What a person would call this JSON value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return f"{value:g}" if abs(value) < 1e15 else "a huge number"
    return "a list" if isinstance(value, list) else "an object"
