"""The template `closing`: the last card, with what to do next."""

from __future__ import annotations

from rendering.engine.timeline import Clip, ImageLayer, Layer, ShapeLayer
from rendering.video_templates.base import SceneFrame, Template
from rendering.video_templates.blocks import Block, stacked, tall
from rendering.video_templates.colours import WHITE, ground, readable
from rendering.video_templates.fields import Asset, Text
from rendering.video_templates.figures import discs
from rendering.video_templates.layout import base_size, enter, safe_area, words
from rendering.video_templates.lettering import LINE, largest, lines, text_width


class Closing(Template):
    """The last card: a title, what to do next, and where."""

    template = "closing"
    title = Text(most=120, required=True, help="The last thing said.")
    call_to_action = Text(most=80, required=True, help="What to do next; drawn as a button.")
    url = Text(most=200, help="Where to do it.")
    logo = Asset("image", help="Instead of the brand's logo.")
    contact = Text(most=200, help="Whom to ask.")

    def clip(self, scene: SceneFrame) -> Clip:
        color, color_to, ink = ground(scene.brand.color)
        _, top, _, height = safe_area(scene)
        base = base_size(scene)
        column = self.column(scene, base, ink)
        while (used := tall(column)) > height and base > 1:
            base *= 0.94
            column = self.column(scene, base, ink)
        at = top + max(0.0, height - used) / 2
        layers: list[Layer] = list(discs(scene, color, color_to))
        rise = scene.height * 0.03
        for turn, block in enumerate(stacked(column, at)):
            layers += [enter(layer, scene, turn, rise) for layer in block]
        return Clip(frames=scene.frames, layers=tuple(layers), background=color)

    def column(self, scene: SceneFrame, base: float, ink: str) -> list[Block]:
        """What there is to show, from top to bottom; the title gets what room the others leave."""
        _, _, width, height = safe_area(scene)
        width = min(width, 46 * base_size(scene))
        others = [
            *([self.mark(scene, base, width)] if self.logo or scene.brand.logo else []),
            self.button(scene, base, width, ink),
            *([self.line(scene, shown(self.url), 1.2 * base, width, ink, "bold", 1.1 * base)] if self.url else []),
            *([self.line(scene, self.contact, base, width, ink, "regular", 0.7 * base)] if self.contact else []),
        ]
        room = height - tall(others) - 3 * base
        at = 1 if self.logo or scene.brand.logo else 0
        return [*others[:at], self.heading(scene, base, width, room, ink), *others[at:]]

    def heading(self, scene: SceneFrame, base: float, width: float, room: float, ink: str) -> Block:
        size = largest(self.title, (width, 4.4 * base * LINE), (1.3 * base, 4.4 * base), bold=True)
        if size < 3 * base:  # too small as one line
            size = largest(self.title, (width, room), (1.3 * base, 3.2 * base), bold=True)
        height = lines(self.title, size, width, bold=True) * size * LINE
        left = (scene.width - width) / 2

        def layers(top: float) -> tuple[Layer, ...]:
            box = (left, top, width, height)
            return (words(scene, self.title, box, (size, size), ink, bold=True, align="center", anchor="middle"),)

        return Block(height, 1.5 * base, layers)

    def button(self, scene: SceneFrame, base: float, width: float, ink: str) -> Block:
        """The call to action on a pill in the colour of the ink; its words are in the brand's."""
        text, side, edge = self.call_to_action, 1.4 * base, 0.7 * base
        size = largest(text, (width - 2 * side, 1.4 * base * LINE), (0.95 * base, 1.4 * base), bold=True)
        count = lines(text, size, width - 2 * side, bold=True)
        wide = width if count > 1 else min(width, max(7 * base, text_width(text, size, bold=True) * 1.06 + 2 * side))
        height = count * size * LINE + 2 * edge
        left = (scene.width - wide) / 2
        color = readable(scene.brand.color, ink)

        def layers(top: float) -> tuple[Layer, ...]:
            inner = (left + side * 0.8, top + edge, wide - 1.6 * side, height - 2 * edge)
            return (
                ShapeLayer(box=(left, top, wide, height), color=ink, radius=min(height / 2, 2 * base)),
                words(scene, text, inner, (size, size), color, bold=True, align="center", anchor="middle"),
            )

        return Block(height, 1.7 * base, layers)

    def line(self, scene: SceneFrame, text: str, size: float, width: float, ink: str, weight: str, gap: float) -> Block:
        """A line of small print: two lines at most."""
        count = min(2, lines(text, size, width, weight == "bold"))
        height = count * size * LINE
        left = (scene.width - width) / 2

        def layers(top: float) -> tuple[Layer, ...]:
            box = (left, top, width, height)
            return (words(scene, text, box, (size, size), ink, bold=weight == "bold", align="center", anchor="middle"),)

        return Block(height, gap, layers)

    def mark(self, scene: SceneFrame, base: float, width: float) -> Block:
        """The logo on a white card, since nobody knows which background it was drawn for."""
        facts = scene.assets[self.logo or scene.brand.logo]
        ratio = (facts.width or 1) / (facts.height or 1)
        high = 3.6 * base if ratio < 3 else 2.6 * base
        wide = min(high * ratio, 0.6 * width)
        high = wide / ratio
        edge = 0.55 * base

        def layers(top: float) -> tuple[Layer, ...]:
            left = (scene.width - wide) / 2
            card = (left - edge, top, wide + 2 * edge, high + 2 * edge)
            return (
                ShapeLayer(box=card, color=WHITE, radius=0.6 * base),
                ImageLayer(asset=facts.sha256, box=(left, top + edge, wide, high), fit="contain", backdrop=False),
            )

        return Block(high + 2 * edge, 0.0, layers)


def shown(url: str) -> str:
    """A URL as a person says it; of a long one only what has to be typed."""
    url = url.removeprefix("https://").removeprefix("http://")
    return (url.split("?")[0] if len(url) > 60 else url).removesuffix("/")
