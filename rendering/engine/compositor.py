"""The room that opens MoviePy: segment specs to frames, and the child's answers `segment` and `still`."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import cv2
from PIL import Image, ImageColor

from rendering.engine import encode, layers
from rendering.engine.errors import OutputMissing
from rendering.engine.layer_clip import LayerClip, Stage
from rendering.engine.planes import Planes, color, to_rgb
from rendering.engine.timeline import layer_from_json
from rendering.engine.transitions import TRANSITIONS

JPEG_QUALITY, SMALL_QUALITY = 92, 80
"""Of a still as large as the film, and of a smaller one: 20 tiles of 240 pixels have 150 to 250 KB, as sharp as 92."""

cv2.setNumThreads(1)  # drawing has its thread, encoding has others


class Scene:
    """One clip of a segment: draws any of its frames; what stays the same under what changes is drawn once."""

    def __init__(self, view: dict[str, Any], stage: Stage) -> None:
        self.first: int = view["first"]
        self.background = color(ImageColor.getrgb(view["background"])[:3])
        self.layers = [layers.clip(layer_from_json(layer), stage) for layer in view["layers"]]
        self.before: list[Hashable] = []
        self.base: Planes | None = None
        self.base_states: list[Hashable] = []

    def draw(self, number: int, canvas: Planes) -> None:
        """Draw the segment's frame `number`."""
        frame = self.first + number
        shown = [clip for clip in self.layers if clip.layer.first <= frame < clip.layer.first + clip.frames]
        states: list[Hashable] = [(id(clip), clip.state(frame - clip.layer.first)) for clip in shown]
        same = common(states, self.before)
        self.before = states
        if same and self.base_states != states[:same]:
            self.base = self.base or Planes.blank(canvas.width, canvas.height)
            self.base_states = states[:same]
            self.lay(shown[:same], frame, self.base)
        if same and self.base:
            canvas.put(self.base)
            self.lay(shown[same:], frame, canvas, clear=False)
        else:
            self.lay(shown, frame, canvas)

    def lay(self, clips: list[LayerClip], frame: int, canvas: Planes, *, clear: bool = True) -> None:
        if clear and not (clips and clips[0].covers(canvas)):
            canvas.fill(self.background)
        for clip in clips:
            clip.draw(canvas, frame - clip.layer.first)

    def close(self) -> None:
        for clip in self.layers:
            clip.close()


class Picture:
    """A segment's frames: those of its scene, or of two scenes on their way from one to the other."""

    def __init__(self, request: dict[str, Any]) -> None:
        spec = request["spec"]
        size = spec["width"], spec["height"]
        assets = {sha256: Path(path) for sha256, path in request["assets"].items()}
        prefixes = request.get("moviepy_layers", ())
        sys.path += [path for path in request.get("import_paths", ()) if path not in sys.path]  # last: ours go first
        self.frames: int = spec["frames"]
        self.scenes = [
            Scene(view, Stage(*size, spec["fps"], view["frames"], assets, prefixes)) for view in spec["clips"]
        ]
        self.between = TRANSITIONS[spec["transition"]] if spec["transition"] else None
        self.sides = [Planes.blank(*size) for _ in self.scenes] if self.between else []

    def draw(self, number: int, canvas: Planes) -> None:
        if not self.between:
            self.scenes[0].draw(number, canvas)
            return
        for scene, side in zip(self.scenes, self.sides, strict=True):
            scene.draw(number, side)
        before, after = self.sides
        self.between(before, after, canvas, (number + 1) / (self.frames + 1))

    @property
    def warnings(self) -> list[tuple[int, str]]:
        """Which of the segment's scenes, and what is to be said of it."""
        return [
            (place, sentence)
            for place, scene in enumerate(self.scenes)
            for sentence in dict.fromkeys(told for clip in scene.layers for told in clip.warnings)
        ]

    def close(self) -> None:
        for scene in self.scenes:
            scene.close()


def segment(request: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Render a segment's file; says its hash, size and frames, and what is to be said of its scenes."""
    output = Path(request["output"])
    picture = Picture(request)
    try:
        encode.film(output, request["spec"], picture.draw, report)
    finally:
        picture.close()
    if not output.is_file():
        raise OutputMissing
    with output.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    facts = {"sha256": sha256, "size": output.stat().st_size, "frames": request["spec"]["frames"]}
    return facts | {"warnings": picture.warnings}


def still(request: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Write one frame of a segment as a JPEG, made smaller to `width` if that is given; it never becomes larger."""
    picture = Picture(request)
    canvas = Planes.blank(request["spec"]["width"], request["spec"]["height"])
    try:
        picture.draw(request["frame"], canvas)
    finally:
        picture.close()
    image, quality = Image.fromarray(to_rgb(canvas)), JPEG_QUALITY
    if (width := request.get("width")) and width < image.width:
        height = max(1, round(image.height * width / image.width))
        image, quality = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0), SMALL_QUALITY
    image.save(request["output"], "JPEG", quality=quality, subsampling="4:2:0", optimize=True)
    return {"width": image.width, "height": image.height}


def common(states: list[Hashable], before: list[Hashable]) -> int:
    """How many layers, from the lowest, look as they did a frame ago."""
    for place, (state, old) in enumerate(zip(states, before, strict=False)):
        if state != old:
            return place
    return min(len(states), len(before))
