"""The local provider: writes, draws, composes and animates on this machine. No key, no network, no cost."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from pathlib import Path

from rendering.providers.base import Draft, EstimateLine, Made, OnEvent, Order
from rendering.providers.local import art, clip, music, writer

NAME = "local"
MODELS = {"text": writer.MODEL, "image": art.MODEL, "clip": clip.MODEL, "soundtrack": music.MODEL}
UNITS = {"text": "text", "image": "image", "clip": "second", "soundtrack": "second"}
NOTE = "Made on this machine: costs nothing."


class LocalProvider:
    """A Maker (see base.py) that needs nothing from anybody."""

    name = NAME
    paid = False
    most_scenes = writer.MOST_SCENES

    def estimate(self, orders: Iterable[Order]) -> list[EstimateLine]:
        return [
            EstimateLine(
                model=MODELS[order.kind],
                quantity=order.quantity,
                unit=UNITS[order.kind],
                amount=Decimal("0"),
                scene=order.scene,
                note=NOTE,
            )
            for order in orders
        ]

    def write_scenes(self, brief: str, scenes: int | None = None, *, title: str = "", clip: bool = False) -> Draft:
        return writer.write(brief, scenes, title=title, clip=clip)

    def make_image(self, prompt: str, width: int, height: int, path: Path, *, avoid: Collection[str] = ()) -> Made:
        likeness = art.draw(prompt, width, height, path, avoid)
        return Made(path, NAME, art.MODEL, Decimal(1), "image", likeness=likeness)

    def make_soundtrack(self, mood: str, seconds: float, path: Path) -> Made:
        music.compose(mood, seconds, path)
        return Made(path, NAME, music.MODEL, Decimal(str(seconds)), "second")

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
    ) -> Made:
        clip.animate(prompt, width, height, seconds, fps, path, on_event=on_event)
        return Made(path, NAME, clip.MODEL, Decimal(str(seconds)), "second")

    def foresee_clip(self, prompt: str, width: int, height: int) -> str:
        return clip.foreseen(prompt, width, height)
