"""MoviePy clips and effects that are not ours: through their RGB frames, from allowed places only."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from moviepy.tools import compute_position

from rendering.engine.errors import MediaProcessingFailed
from rendering.engine.layer_clip import LayerClip, Stage
from rendering.engine.planes import Bitmap, as_bytes, from_rgba
from rendering.engine.timeline import Layer

MOVIEPY_OWN = ("moviepy.video.fx.",)
"""Effects of MoviePy itself may always be called."""


class ForeignClip(LayerClip):
    """Any MoviePy clip: its RGB frames and mask, turned into planes frame by frame."""

    def __init__(self, clip: Any, layer: Layer, stage: Stage) -> None:
        super().__init__(layer, stage, (0, 0, stage.width, stage.height))
        self.clip = clip
        self.stage_size = (stage.width, stage.height)

    def look(self, frame: int) -> Hashable:
        return frame

    def bitmap(self, frame: int) -> Bitmap:
        t = frame / self.fps
        rgb = as_bytes(self.clip.get_frame(t))
        height, width = rgb.shape[:2]
        alpha = np.full((height, width, 1), 255, np.uint8)
        if self.clip.mask is not None:
            alpha = as_bytes(np.asarray(self.clip.mask.get_frame(t)) * 255.0).reshape(height, width, 1)
        place = compute_position((width, height), self.stage_size, self.clip.pos(t), self.clip.relative_pos)
        return from_rgba(np.concatenate([rgb[..., :3], alpha], axis=2), int(place[0]), int(place[1]))

    def close(self) -> None:
        self.clip.close()
        super().close()


def with_effects(clip: Any, layer: Layer, stage: Stage) -> Any:
    if not layer.effects:
        return clip
    prefixes = (*MOVIEPY_OWN, *stage.moviepy_layers)
    return clip.with_effects([allowed(effect["call"], prefixes)(**effect.get("args", {})) for effect in layer.effects])


def allowed(call: str, prefixes: Sequence[str]) -> Any:
    """What a dotted path names, if it lies under one of the allowed prefixes."""
    if not any(call == prefix or call.startswith(prefix.rstrip(".") + ".") for prefix in prefixes):
        raise MediaProcessingFailed(f"{call} is not under a prefix of MOVIEPY_LAYERS.")
    module, _, name = call.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise MediaProcessingFailed(f"{call} cannot be imported.") from error
