"""One pass over what somebody sent: where it is wrong, with a code and a sentence for each place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from videoserver.web.error_list import MOST_ERRORS, shown_detail, shown_pointer


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong: where (RFC 6901), a stable code, and a sentence."""

    pointer: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}


OnError = Callable[[FieldError], None]


@dataclass
class Tally:
    """How many errors a pass found, of which only the first are kept; `on_error` is told of each one."""

    total: int = 0
    on_error: OnError | None = None


@dataclass
class Check:
    """One pass over a document: what it found, and how strict it is."""

    errors: list[FieldError]
    """The first of them."""
    for_render: bool = False
    scene: int | None = None
    """The scene's number in sentences, from 1; None outside of a scene."""
    tally: Tally = field(default_factory=Tally)

    @property
    def full(self) -> bool:
        """Whether one error more would only be counted, so that nobody needs its sentence."""
        return self.tally.on_error is None and len(self.errors) >= MOST_ERRORS

    def fail(self, pointer: str, code: str, detail: str) -> None:
        self.tally.total += 1
        if self.full:
            return
        error = FieldError(shown_pointer(pointer), code, shown_detail(detail))
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(error)
        if self.tally.on_error:
            self.tally.on_error(error)

    def count(self, number: int) -> None:
        """Errors that nobody will see."""
        self.tally.total += number

    def of_scene(self, number: int) -> Check:
        """The same pass inside of a scene."""
        return replace(self, scene=number)


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
