"""The template `footage`: a piece of a video that fills the frame, with its sound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rendering.engine.timeline import Clip, Sound, VideoLayer
from rendering.video_templates.base import AssetFacts, SceneFrame, Template
from rendering.video_templates.check import Check, step
from rendering.video_templates.fields import Asset, Number
from rendering.video_templates.figures import own_sound


class Footage(Template):
    """A piece of a video over the whole frame, with its sound."""

    template = "footage"
    video = Asset("video", required=True, help="The video.")
    start = Number(0.0, least=0, most=86400, help="Seconds into the video at which the scene starts.")
    end = Number(least=0, most=86400, help="Seconds into the video at which its picture holds and its sound ends.")
    volume_db = Number(0.0, least=-60, most=12, help="Gain of its sound; -60 is silent.")

    @classmethod
    def cross_check(cls, params: dict[str, Any], pointer: str, check: Check) -> None:
        if params["end"] is not None and params["end"] <= params["start"]:
            check.fail(step(pointer, "end"), "invalid", "The end must lie after the start.")

    def clip(self, scene: SceneFrame) -> Clip:
        layer = VideoLayer(asset=scene.assets[self.video].sha256, start=self.start, end=self.values["end"])
        return Clip(frames=scene.frames, layers=(layer,))

    def seconds(self, assets: Mapping[str, AssetFacts]) -> float | None:
        length = assets[self.video].duration
        return max(0.0, min(length, self.values["end"] or length) - self.start) or None

    def sounds(self, scene: SceneFrame) -> tuple[Sound, ...]:
        return own_sound(scene.assets[self.video], scene, self.start, self.values["end"], self.volume_db)
