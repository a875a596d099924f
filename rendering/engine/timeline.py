"""The Timeline: the only word that templates and the engine share. Plain data, exact times in whole frames."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from decimal import ROUND_FLOOR, Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

TransitionKind = Literal["cut", "crossfade", "fade_black", "wipe_left", "slide_left"]
Motion = Literal["none", "zoom_in", "zoom_out", "pan_left", "pan_right", "pan_up", "pan_down"]
Fit = Literal["cover", "contain"]
Easing = Literal["linear", "in", "out", "in_out"]
Box = tuple[float, float, float, float]
"""x, y, width, height in pixels of the frame."""
Keyframes = tuple[tuple[float, float, Easing], ...]
"""(frame of the clip, value, easing towards the next)."""


def whole_frames(seconds: float | Decimal, fps: int) -> int:
    """Seconds to frames: `floor(seconds × fps + 0.5)` in decimal arithmetic, so that 0.1 s means what it says."""
    return int((Decimal(str(seconds)) * fps + Decimal("0.5")).to_integral_value(ROUND_FLOOR))


@dataclass(frozen=True)
class Layer:
    """What all layers have: when they are shown (frames of their clip; `until` None: to its end) and how they move."""

    first: int = 0
    until: int | None = None
    opacity: float | Keyframes = 1.0
    shift_x: float | Keyframes = 0.0
    shift_y: float | Keyframes = 0.0
    effects: tuple[dict[str, Any], ...] = ()
    """MoviePy effects: {"call": "moviepy.video.fx.MirrorX", "args": {}}; a layer that has one leaves the fast path."""


@dataclass(frozen=True)
class ImageLayer(Layer):
    kind: Literal["image"] = "image"
    asset: str = ""
    """sha256 of the file's bytes."""
    box: Box | None = None
    """None is the whole frame."""
    fit: Fit = "cover"
    backdrop: bool = True
    """With `contain`: fill the rest with a blurred copy."""
    motion: Motion = "none"
    radius: float = 0.0


@dataclass(frozen=True)
class VideoLayer(Layer):
    kind: Literal["video"] = "video"
    asset: str = ""
    start: float = 0.0
    """Seconds into the footage at the layer's first frame."""
    end: float | None = None
    """Seconds into the footage at which its picture holds; None is its end."""
    box: Box | None = None
    fit: Fit = "cover"
    backdrop: bool = True


@dataclass(frozen=True)
class TextLayer(Layer):
    kind: Literal["text"] = "text"
    text: str = ""
    box: Box = (0, 0, 0, 0)
    """The text never leaves it: it shrinks, then wraps, then ends in an ellipsis."""
    size: float = 48.0
    """The largest type size, in pixels."""
    smallest: float = 0.5
    """How far it may shrink, as a part of `size`."""
    font: str = "Inter"
    weight: Literal["regular", "bold"] = "regular"
    color: str = "#ffffff"
    align: Literal["left", "center", "right", "start"] = "center"  # start: right for Arabic and Hebrew
    anchor: Literal["top", "middle", "bottom"] = "middle"
    plate: str = ""
    """A colour (#rrggbb or #rrggbbaa) behind the lines; empty for none."""
    shadow: float = 0.0
    """Opacity of a soft shadow behind the glyphs."""
    role: str = ""
    """What people call it, as in "the title was shortened to fit"."""


@dataclass(frozen=True)
class ShapeLayer(Layer):
    kind: Literal["shape"] = "shape"
    box: Box = (0, 0, 0, 0)
    color: str = "#000000"
    color_to: str = ""
    """Set for a gradient from top left to bottom right."""
    radius: float = 0.0


@dataclass(frozen=True)
class MoviepyLayer(Layer):
    kind: Literal["moviepy"] = "moviepy"
    call: str = ""
    """Dotted path of a function(width, height, fps, frames, **args) -> moviepy VideoClip."""
    args: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    """Part of the segment's hash: change it when the function draws something else."""


LAYERS: dict[str, type[Layer]] = {
    "image": ImageLayer,
    "video": VideoLayer,
    "text": TextLayer,
    "shape": ShapeLayer,
    "moviepy": MoviepyLayer,
}


@dataclass(frozen=True)
class Transition:
    """The way into a clip: it overlaps the end of the one before by `frames`."""

    kind: TransitionKind = "cut"
    frames: int = 0


@dataclass(frozen=True)
class Clip:
    """One scene's run of frames; layers are drawn in order, the first one lowest."""

    frames: int
    layers: tuple[Layer, ...]
    background: str = "#000000"
    transition: Transition = Transition()


@dataclass(frozen=True)
class Sound:
    """A stretch of sound on the audio track. Times in seconds, gains in dB."""

    asset: str
    role: Literal["music", "voice", "footage"]
    at: float = 0.0
    duration: float | None = None
    """None: to the source's end, or for looped music the film's."""
    start: float = 0.0
    """Seconds into the source."""
    volume_db: float = 0.0
    duck_db: float = 0.0
    """How far it goes down under a voice (music only)."""
    fade_in: float = 0.0
    fade_out: float = 0.0
    loop: bool = False


@dataclass(frozen=True)
class Timeline:
    width: int
    height: int
    fps: int
    video: tuple[Clip, ...]
    audio: tuple[Sound, ...] = ()
    loudness_lufs: float = -14.0

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The first frame of each clip in the film, kept: it is asked for within passes over the film."""
        starts, at = [], 0
        for clip in self.video:
            starts.append(at - clip.transition.frames)
            at = starts[-1] + clip.frames
        return tuple(starts)

    @cached_property
    def frames(self) -> int:
        return sum(clip.frames for clip in self.video) - sum(clip.transition.frames for clip in self.video)

    @property
    def duration(self) -> float:
        return self.frames / self.fps

    def assets(self) -> frozenset[str]:
        """sha256 of every file that the film needs."""
        pictures = (getattr(layer, "asset", "") for clip in self.video for layer in clip.layers)
        return frozenset(filter(None, (*pictures, *(sound.asset for sound in self.audio))))

    def to_json(self) -> dict[str, Any]:
        video, audio = ([asdict(item) for item in track] for track in (self.video, self.audio))
        return {
            "width": self.width,
            "height": self.height,
            "fps": self.fps,
            "loudness_lufs": self.loudness_lufs,
            "tracks": {"video": video, "audio": audio},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Timeline:
        return cls(
            width=data["width"],
            height=data["height"],
            fps=data["fps"],
            loudness_lufs=data["loudness_lufs"],
            video=tuple(clip_from_json(clip) for clip in data["tracks"]["video"]),
            audio=tuple(Sound(**sound) for sound in data["tracks"]["audio"]),
        )


def clip_from_json(data: dict[str, Any]) -> Clip:
    return Clip(
        frames=data["frames"],
        layers=tuple(layer_from_json(layer) for layer in data["layers"]),
        background=data["background"],
        transition=Transition(**data["transition"]),
    )


def layer_from_json(data: dict[str, Any]) -> Layer:
    return LAYERS[data["kind"]](**{key: frozen(value) for key, value in data.items()})


def frozen(value: Any) -> Any:
    """JSON's lists as the tuples that layers hold, so that a round trip gives an equal layer."""
    return tuple(frozen(item) for item in value) if isinstance(value, list | tuple) else value


def at_frame(value: float | Keyframes, frame: float) -> float:
    """A number, or keyframes evaluated at `frame`; held before the first and after the last."""
    if not isinstance(value, tuple):
        return float(value)
    before, after = value[0], value[-1]
    if frame <= before[0]:
        return before[1]
    if frame >= after[0]:
        return after[1]
    for left, right in pairwise(value):
        if left[0] <= frame < right[0]:
            part = ease(left[2], (frame - left[0]) / (right[0] - left[0]))
            return left[1] + (right[1] - left[1]) * part
    return after[1]


def ease(easing: Easing, x: float) -> float:
    """Cubic easing of 0–1."""
    if easing == "in":
        return x**3
    if easing == "out":
        return 1 - (1 - x) ** 3
    if easing == "in_out":
        return 4 * x**3 if x < 0.5 else 1 - (2 - 2 * x) ** 3 / 2
    return x
