"""What a template is: a small typed class. Its fields check, describe and fill in; its deed is to give layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rendering.engine.timeline import Clip, Sound
from rendering.video_templates.check import Check
from rendering.video_templates.fields import Asset, AssetType, Field
from rendering.video_templates.groups import clean_fields, object_schema


@dataclass(frozen=True)
class AssetFacts:
    """What a plan must know of a file: its hash and what the probe said."""

    sha256: str
    type: AssetType
    width: int = 0
    height: int = 0
    duration: float = 0.0
    has_audio: bool = False


@dataclass(frozen=True)
class Brand:
    """The look that the scenes of one storyboard share."""

    color: str = "#0b5fff"
    font: str = "Inter"
    logo: str = ""


@dataclass(frozen=True)
class SceneFrame:
    """What a template is told about its place in the film."""

    width: int
    height: int
    fps: int
    frames: int
    way_in: int = 0
    """Frames for which the scene before is still seen: entrances wait for half of it."""
    captioned: bool = False
    """A caption will stand at the bottom: leave room for it."""
    brand: Brand = Brand()
    assets: Mapping[str, AssetFacts] = field(default_factory=dict)
    """Facts by reference: whatever an Asset field holds."""
    way_out: int = 0
    """Frames for which the scene after is already seen."""


class Template:
    """Fields in, layers out. A subclass names its fields, and gives a clip; see picture.py for the smallest one."""

    template: ClassVar[str] = ""
    """Its name in documents; `name` is left free for a field, since people have names."""
    fields: ClassVar[dict[str, Field[Any]]] = {}
    turns: ClassVar[bool] = False
    """Its layout is turned over for a script that runs from right to left."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        if taken := sorted(set(own) & set(dir(Template))):
            raise TypeError(
                f"{cls.__name__} cannot have a field called {taken[0]}: templates use that name themselves."
            )
        cls.fields = {**cls.fields, **own}

    def __init__(self, values: Mapping[str, Any]) -> None:
        """`values` have gone through `clean`."""
        self.values = values

    @classmethod
    def clean(cls, params: Any, pointer: str, check: Check) -> dict[str, Any]:
        """The parameters with their defaults; everything that is wrong with them is told to `check`."""
        cleaned = clean_fields(cls.fields, params, pointer, check)
        cls.cross_check(cleaned, pointer, check)
        return cleaned

    @classmethod
    def cross_check(cls, params: dict[str, Any], pointer: str, check: Check) -> None:
        """What no field can know by itself, such as an end that lies before its start."""

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """JSON Schema (draft 2020-12) of the parameters."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": cls.label(),
            "description": (cls.__doc__ or "").strip(),
            **object_schema(cls.fields),
        }

    @classmethod
    def label(cls) -> str:
        """Its name for people."""
        return cls.template.replace("_", " ").capitalize()

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        return {name: field.initial() for name, field in cls.fields.items()}

    def clip(self, scene: SceneFrame) -> Clip:
        """The scene's layers."""
        raise NotImplementedError

    def seconds(self, assets: Mapping[str, AssetFacts]) -> float | None:
        """How long it is by itself: as long as its video. None when it has no length of its own."""
        videos = (name for name, field in self.fields.items() if isinstance(field, Asset) and field.type == "video")
        lengths = (assets[self.values[name]].duration for name in videos if self.values[name])
        return next(filter(None, lengths), None)

    def sounds(self, scene: SceneFrame) -> tuple[Sound, ...]:
        """The scene's own sound, in seconds from its first frame."""
        return ()
