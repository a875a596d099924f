"""The kinds of field that templates and documents are made of: one definition checks, describes and fills in.

One long file: the kinds share a form, and are read side by side by whoever writes a template.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeVar, overload

from rendering.video_templates.check import Check, kind

AssetType = Literal["image", "video", "audio"]
T = TypeVar("T")
UNFIT = re.compile("[\x00\ud800-\udfff]")
"""What no database and no encoder takes: NUL and lone surrogates."""


class Holder(Protocol):
    """Whatever carries the checked values of its fields."""

    values: Mapping[str, Any]


class Field(Generic[T]):
    """One named value. On a template's class it is its definition, on an instance the checked value."""

    blank: Any = None
    """What a missing value is read as when there is no default."""

    def __init__(self, default: T | None = None, *, required: bool = False, help: str = "") -> None:
        self.default = default
        self.required = required
        self.help = help
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, holder: None, owner: type) -> Self: ...
    @overload
    def __get__(self, holder: Holder, owner: type) -> T: ...
    def __get__(self, holder: Holder | None, owner: type) -> Self | T:
        return self if holder is None else holder.values[self.name]

    def initial(self) -> Any:
        return self.blank if self.default is None else self.default

    def missing(self, check: Check, pointer: str) -> None:
        check.fail(pointer, "required", "This is required.")

    def clean(self, value: Any, pointer: str, check: Check) -> Any:
        """The value as it will be kept; what is wrong with it is told to `check`."""
        if value is None:
            if self.required:
                self.missing(check, pointer)
            return self.initial()
        return self.convert(value, pointer, check)

    def convert(self, value: Any, pointer: str, check: Check) -> Any:
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """JSON Schema (draft 2020-12) of the value."""
        described = self.describe()
        if not self.required:
            described = nullable(described)
            described["default"] = self.initial()
        if self.help:
            described["description"] = self.help
        return described

    def describe(self) -> dict[str, Any]:
        raise NotImplementedError


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, or null: an optional value may be left out or null."""
    schema = dict(schema)
    schema["type"] = [schema["type"], "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema


class Text(Field[str]):
    """Words of a person, kept as they are but for the spaces around them."""

    blank = ""

    def __init__(self, default: str = "", *, most: int, required: bool = False, help: str = "") -> None:
        super().__init__(default, required=required, help=help)
        self.most = most

    def convert(self, value: Any, pointer: str, check: Check) -> Any:
        if not isinstance(value, str):
            check.fail(pointer, "invalid", f"This must be text, not {kind(value)}.")
        elif UNFIT.search(value):
            check.fail(pointer, "invalid", "This holds a character that is no text (NUL or half of a pair).")
        elif len(value) > self.most:
            check.fail(pointer, "max_length", f"This may have at most {self.most} characters, but has {len(value)}.")
        elif self.required and not value.strip():
            check.fail(pointer, "blank", "This may not be empty.")
        else:
            return value.strip()
        return self.initial()

    def describe(self) -> dict[str, Any]:
        described: dict[str, Any] = {"type": "string", "maxLength": self.most}
        if self.required:
            described["minLength"] = 1
        return described


class Number(Field[float]):
    """A number within bounds; `least` itself is allowed."""

    def __init__(
        self,
        default: float | None = None,
        *,
        least: float,
        most: float,
        required: bool = False,
        help: str = "",
    ) -> None:
        super().__init__(default, required=required, help=help)
        self.least, self.most = least, most

    def convert(self, value: Any, pointer: str, check: Check) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            check.fail(pointer, "invalid", f"This must be a number, not {kind(value)}.")
        elif isinstance(value, float) and not math.isfinite(value):
            check.fail(pointer, "invalid", "This must be a finite number.")
        elif value < self.least:
            check.fail(pointer, "min_value", f"This must be at least {self.least:g}.")
        elif value > self.most:
            check.fail(pointer, "max_value", f"This must be at most {self.most:g}.")
        else:
            return float(value)
        return self.initial()

    def describe(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.least, "maximum": self.most}


class Whole(Field[int]):
    """A whole number within bounds."""

    def __init__(
        self,
        default: int | None = None,
        *,
        least: int,
        most: int,
        even: bool = False,
        required: bool = False,
        help: str = "",
    ) -> None:
        super().__init__(default, required=required, help=help)
        self.least, self.most, self.even = least, most, even

    def convert(self, value: Any, pointer: str, check: Check) -> Any:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or (isinstance(value, float) and not value.is_integer())
        ):
            check.fail(pointer, "invalid", f"This must be a whole number, not {kind(value)}.")
        elif value < self.least:
            check.fail(pointer, "min_value", f"This must be at least {self.least}.")
        elif value > self.most:
            check.fail(pointer, "max_value", f"This must be at most {self.most}.")
        elif self.even and value % 2:
            check.fail(pointer, "invalid", "This must be an even number.")
        else:
            return int(value)
        return self.initial()

    def describe(self) -> dict[str, Any]:
        described: dict[str, Any] = {"type": "integer", "minimum": self.least, "maximum": self.most}
        if self.even:
            described["multipleOf"] = 2
        return described


class Choice(Field[str]):
    """One word of a list."""

    def __init__(
        self, default: str | None = None, *, among: tuple[str, ...], required: bool = False, help: str = ""
    ) -> None:
        super().__init__(default, required=required, help=help)
        self.among = among

    def convert(self, value: Any, pointer: str, check: Check) -> Any:
        if isinstance(value, str) and value in self.among:
            return value
        check.fail(pointer, "invalid_choice", f"This must be one of {', '.join(self.among)}.")
        return self.initial()

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.among)}


class Colour(Text):
    """A colour as #rrggbb, kept in lower case."""

    SHAPE: ClassVar[re.Pattern[str]] = re.compile("#[0-9a-fA-F]{6}")

    def __init__(self, default: str = "", *, required: bool = False, help: str = "") -> None:
        super().__init__(default, most=7, required=required, help=help)

    def convert(self, value: Any, pointer: str, check: Check) -> Any:
        if isinstance(value, str) and self.SHAPE.fullmatch(value):
            return value.lower()
        if isinstance(value, str) and not value and not self.required:
            return self.initial()
        check.fail(pointer, "invalid", "This must be a colour written as #rrggbb.")
        return self.initial()

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^(#[0-9a-fA-F]{6})?$" if not self.required else "^#[0-9a-fA-F]{6}$"}


class Asset(Field[str]):
    """A media asset, by its id (in a file: by its path); an empty string is none."""

    blank = ""

    def __init__(self, type: AssetType, *, required: bool = False, help: str = "") -> None:
        super().__init__(None, required=required, help=help)
        self.type = type

    def missing(self, check: Check, pointer: str) -> None:
        """A draft may still lack it: pictures are made after the words."""
        if check.for_render and check.scene is not None:
            check.fail(pointer, f"scene_missing_{self.type}", f"Scene {check.scene} is missing {self.type}")
        elif check.for_render:
            check.fail(pointer, "required", "This is required.")

    def convert(self, value: Any, pointer: str, check: Check) -> Any:
        if not isinstance(value, str):
            check.fail(pointer, "invalid", f"This must be the id of an asset, not {kind(value)}.")
        elif UNFIT.search(value) or len(value) > 500:
            check.fail(pointer, "invalid", "This is not the id of an asset.")
        elif value.strip():
            return value.strip()
        elif self.required:
            self.missing(check, pointer)
        return self.initial()

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 500, "x-asset": self.type}
