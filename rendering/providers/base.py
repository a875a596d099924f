"""What every provider promises: data in, files out, and each thing made says which model made it and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol

from rendering.exceptions import RenderingError

Kind = Literal["text", "image", "clip", "soundtrack"]
OnEvent = Callable[[dict[str, Any]], None]
"""Called now and then while a thing is made, so that the caller can renew its lease; what it raises ends the work."""


class ProviderError(RenderingError):
    """The provider can't do what was asked."""

    code, status, sentence = "provider_failed", 422, "The provider can't do this."


class BriefEmpty(ProviderError):
    """A brief without a word in it."""

    code, sentence = "brief_empty", "The brief is empty: write a sentence or two about the film."


@dataclass(frozen=True)
class DraftScene:
    """A scene as it was written: all of a storyboard document's scene but the asset, which is made from `prompt`."""

    template: Literal["picture", "footage", "closing"]
    duration: float
    caption: str = ""
    narration_text: str = ""
    prompt: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    transition: dict[str, Any] | None = None

    @property
    def makes(self) -> Literal["image", "clip", ""]:
        """What must be made before the scene can be rendered."""
        kinds: dict[str, Literal["image", "clip", ""]] = {"picture": "image", "footage": "clip"}
        return kinds.get(self.template, "")

    @property
    def asset_param(self) -> Literal["image", "video", ""]:
        """The parameter that wants the made asset."""
        names: dict[str, Literal["image", "video", ""]] = {"picture": "image", "footage": "video"}
        return names.get(self.template, "")

    def document(self) -> dict[str, Any]:
        """The scene of a storyboard document; parameters that are assets are left for the caller."""
        scene: dict[str, Any] = {"template": self.template, "duration": self.duration, "params": dict(self.params)}
        if self.caption:
            scene["caption"] = self.caption
        if self.transition:
            scene["transition"] = dict(self.transition)
        return scene


@dataclass(frozen=True)
class Draft:
    """A storyboard as it was written from a brief."""

    title: str
    scenes: tuple[DraftScene, ...]
    mood: str
    """Words for the soundtrack."""
    model: str
    cost: Decimal = Decimal("0")

    def document(self) -> dict[str, Any]:
        return {"title": self.title, "scenes": [scene.document() for scene in self.scenes]}


@dataclass(frozen=True)
class Made:
    """A file that was made, and what it took."""

    path: Path
    provider: str
    model: str
    quantity: Decimal
    unit: Literal["image", "second"]
    cost: Decimal = Decimal("0")
    likeness: str = ""
    """Of a picture: what `avoid` takes for the next one (see likeness.py)."""


@dataclass(frozen=True)
class Order:
    """One thing that will be asked for: to be estimated."""

    kind: Kind
    quantity: Decimal = Decimal("1")
    scene: int | None = None


@dataclass(frozen=True)
class EstimateLine:
    """What one order will cost, as the ledger and the API show it."""

    model: str
    quantity: Decimal
    unit: str
    amount: Decimal
    scene: int | None = None
    cached: bool = False
    note: str = ""


class Provider(Protocol):
    """Anybody who makes things: has a name, says whether it takes money, and tells the price before."""

    name: str
    paid: bool
    most_scenes: int
    """How many it writes at most of one brief."""

    def estimate(self, orders: Iterable[Order]) -> list[EstimateLine]: ...


class Maker(Provider, Protocol):
    """A provider that makes a thing at once, while the caller waits."""

    def write_scenes(self, brief: str, scenes: int | None = None, *, title: str = "", clip: bool = False) -> Draft: ...

    def make_image(self, prompt: str, width: int, height: int, path: Path, *, avoid: Collection[str] = ()) -> Made: ...

    def make_soundtrack(self, mood: str, seconds: float, path: Path) -> Made: ...

    def make_clip(
        self,
        prompt: str,
        width: int,
        height: int,
        seconds: float,
        fps: int,
        path: Path,
        *,
        on_event: OnEvent | None = None,
    ) -> Made: ...

    def foresee_clip(self, prompt: str, width: int, height: int) -> str:
        """The likeness that the clip will have, for pictures that are made beside it; "" when nobody can know."""
        ...


def total(lines: Sequence[EstimateLine]) -> Decimal:
    """What an estimate comes to."""
    return sum((line.amount for line in lines), Decimal("0"))
