"""The template `demo`: a recording in a window, with a title and callouts at their time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from rendering.engine.timeline import Box, Clip, Keyframes, Layer, ShapeLayer, Sound, TextLayer, VideoLayer
from rendering.video_templates.base import SceneFrame, Template
from rendering.video_templates.closing import shown
from rendering.video_templates.colours import INK, WHITE, ground, mix, readable
from rendering.video_templates.fields import Asset, Number, Text
from rendering.video_templates.figures import discs, own_sound
from rendering.video_templates.groups import Group, ListOf
from rendering.video_templates.layout import base_size, enter, leave, pace, safe_area, words
from rendering.video_templates.lettering import height, largest, text_width

CALLOUT_SECONDS = 5.0
SIDE, EDGE = 1.1, 0.6
"""Of a callout's plate around its words, in base sizes."""
CHROME, DOTS = "#f2f4f8", ("#ff5f57", "#febc2e", "#28c840")


@dataclass(frozen=True)
class Places:
    """Where the parts stand."""

    title: Box
    window: Box
    callout: Box
    beside: bool


class Demo(Template):
    """A product at work: a recording in a window, never cropped, with a title and callouts that come at their time."""

    template = "demo"
    turns = True
    video = Asset("video", required=True, help="The recording.")
    title = Text(most=120, required=True, help="What is shown.")
    url = Text(most=200, help="Where it is; it stands in the window's bar.")
    callouts = ListOf(
        Group(
            {
                "at": Number(least=0, most=600, required=True, help="Seconds into the scene."),
                "text": Text(most=120, required=True, help="What to look at."),
            }
        ),
        most=20,
        help="A callout stays for five seconds, or until the next one.",
    )

    def clip(self, scene: SceneFrame) -> Clip:
        color, color_to, ink = ground(scene.brand.color)
        places = self.places(scene)
        size = self.title_size(scene, places.title[2])
        if places.beside:
            size = largest(self.title, places.title[2:], (1.2 * base_size(scene), 3.4 * base_size(scene)), bold=True)
        heading = words(
            scene,
            self.title,
            places.title,
            (size, size),
            ink,
            bold=True,
            align="start" if places.beside else "center",
            anchor="bottom" if places.beside and self.callouts else "middle",
        )
        rise = 0.03 * scene.height
        parts: list[tuple[int, Layer]] = [(0, heading), *((1, layer) for layer in self.window(scene, places.window))]
        moving = [leave(enter(layer, scene, turn, rise), scene) for turn, layer in parts]
        layers = (*discs(scene, color, color_to), *moving, *self.said(scene, places))
        return Clip(frames=scene.frames, layers=layers, background=color)

    def sounds(self, scene: SceneFrame) -> tuple[Sound, ...]:
        return own_sound(scene.assets[self.video], scene)

    def places(self, scene: SceneFrame) -> Places:
        """Words above and below the window, or beside it: whichever leaves the recording more room."""
        left, top, width, room = safe_area(scene)
        base, facts = base_size(scene), scene.assets[self.video]
        ratio = (facts.width or 16) / (facts.height or 9)
        title = min(
            height(self.title, self.title_size(scene, width), width, bold=True),
            (9 if scene.height > scene.width else 5.4) * base,
        )
        callout = max((self.plate_size(scene, each["text"], width)[2] for each in self.callouts), default=0.0)
        callout += 0.9 * base if callout else 0.0
        stacked = around((left, 0, width, room - title - base - callout), ratio, base)
        side = 0.34 * width
        beside = around((left + side + 2 * base, top, width - side - 2 * base, room), ratio, base)
        if scene.width > 1.2 * scene.height and beside[2] * beside[3] > 1.1 * stacked[2] * stacked[3]:
            half = room / 2 if self.callouts else room
            return Places((left, top, side, half - 0.6 * base), beside, (left, top + half, side, half), beside=True)
        at = top + max(0.0, room - title - base - stacked[3] - callout) / 2
        window = (stacked[0], at + title + base, stacked[2], stacked[3])
        below = (left, window[1] + window[3] + 0.9 * base, width, callout - 0.9 * base)
        return Places((left, at, width, title), window, below, beside=False)

    def title_size(self, scene: SceneFrame, width: float) -> float:
        """Above the window; an upright frame has more room there."""
        base = base_size(scene)
        most = 3.6 if scene.height > scene.width else 2.3
        return largest(
            self.title, (width, (9 if scene.height > scene.width else 5) * base), (1.2 * base, most * base), bold=True
        )

    def window(self, scene: SceneFrame, box: Box) -> tuple[Layer, ...]:
        """A bar with three dots and the address, and under it the recording in a thin frame."""
        base = base_size(scene)
        bar, edge = bar_height(base), edge_width(base)
        left, top, width, tall = box
        dot = 0.42 * base
        screen = (left + edge, top + bar, width - 2 * edge, tall - bar - edge)
        layers: list[Layer] = [
            ShapeLayer(box=(left, top + 0.5 * base, width, tall), color=f"{INK}38", radius=0.7 * base),
            ShapeLayer(box=box, color=CHROME, radius=0.55 * base),
            *(
                ShapeLayer(
                    box=(left + 0.7 * base + number * 0.7 * base, top + (bar - dot) / 2, dot, dot),
                    color=color,
                    radius=dot / 2,
                )
                for number, color in enumerate(DOTS)
            ),
            VideoLayer(asset=scene.assets[self.video].sha256, box=screen, fit="contain"),
        ]
        if self.url and width > 12 * base:
            field = (left + 3.2 * base, top + 0.22 * bar, width - 3.9 * base, 0.56 * bar)
            inner = (field[0] + 0.5 * base, field[1], field[2] - base, field[3])
            layers += [
                ShapeLayer(box=field, color=mix(CHROME, INK, 0.07), radius=field[3] / 2),
                TextLayer(
                    text=shown(self.url),
                    box=inner,
                    size=0.68 * field[3],
                    smallest=0.9,
                    font=scene.brand.font,
                    color=readable("#5b6577", mix(CHROME, INK, 0.07)),
                    align="start",
                ),
            ]
        return tuple(layers)

    def said(self, scene: SceneFrame, places: Places) -> tuple[Layer, ...]:
        """Each callout on a plate, from its time until the next one comes."""
        ordered: list[dict[str, Any]] = sorted(self.callouts, key=lambda callout: float(callout["at"]))
        layers: list[Layer] = []
        for number, callout in enumerate(ordered):
            first = round(callout["at"] * scene.fps)
            after = ordered[number + 1]["at"] if number + 1 < len(ordered) else scene.frames / scene.fps
            until = min(round(min(after, callout["at"] + CALLOUT_SECONDS) * scene.fps), scene.frames)
            if until - first > 0.2 * scene.fps:
                plate = self.plate(scene, callout["text"], places)
                layers += [timed(layer, first, until, 0.5 * pace(scene), 0.02 * scene.height) for layer in plate]
        return tuple(layers)

    def plate(self, scene: SceneFrame, text: str, places: Places) -> tuple[Layer, ...]:
        base = base_size(scene)
        left, top, width, room = places.callout
        size, wide, high = self.plate_size(scene, text, width)
        high = min(high, room)
        at = left if places.beside else left + (width - wide) / 2
        inner = (at + SIDE * base, top + EDGE * base, wide - 2 * SIDE * base, high - 2 * EDGE * base)
        ink = readable(scene.brand.color, WHITE)
        align: Literal["start", "center"] = "start" if places.beside else "center"
        return (
            ShapeLayer(box=(at, top, wide, high), color=WHITE, radius=min(0.5 * high, 0.9 * base)),
            words(scene, text, inner, (size, size), ink, bold=True, align=align, anchor="middle"),
        )

    def plate_size(self, scene: SceneFrame, text: str, width: float) -> tuple[float, float, float]:
        """Type size, width and height of a callout's plate."""
        base = base_size(scene)
        inner = min(width, 34 * base) - 2 * SIDE * base
        most = 1.7 if scene.height > 1.5 * scene.width else 1.25
        size = largest(text, (inner, 2.7 * most * base), (0.95 * base, most * base), bold=True)
        wide = min(inner, text_width(text, size, bold=True) * 1.04)
        return size, wide + 2 * SIDE * base, height(text, size, inner, bold=True) + 2 * EDGE * base


def bar_height(base: float) -> float:
    return 1.5 * base


def edge_width(base: float) -> float:
    return 0.24 * base


def around(room: Box, ratio: float, base: float) -> Box:
    """The largest window in a room whose screen has this shape, in the middle."""
    bar, edge = bar_height(base), edge_width(base)
    wide = max(1.0, min(room[2] - 2 * edge, (room[3] - bar - edge) * ratio))
    width, high = wide + 2 * edge, wide / ratio + bar + edge
    return room[0] + (room[2] - width) / 2, room[1] + (room[3] - high) / 2, width, high


def timed(layer: Layer, first: int, until: int, frames: float, rise: float) -> Layer:
    """The layer from one frame to another, fading in while it rises and out again."""
    way = min(frames, 0.4 * (until - first))
    last = float(until - 1)
    opacity: Keyframes = (
        (float(first), 0.0, "out"),
        (first + way, 1.0, "linear"),
        (last - 0.6 * way, 1.0, "in"),
        (last, 0.0, "linear"),
    )
    shift: Keyframes = ((float(first), rise, "out"), (first + way, 0.0, "linear"))
    return replace(layer, first=first, until=until, opacity=opacity, shift_y=shift)
