"""A line of text that is set: its runs from left to right, how far it reaches, and drawn with a pen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from rendering.engine.faces import EMOJI, EMOJI_SIZE, Weight, font, stroke
from rendering.engine.runs import Run

EMOJI_HEIGHT, EMOJI_ABOVE = 128, 101
"""Of its bitmaps, in their pixels: all of it, and what stands above the baseline."""


@dataclass(frozen=True)
class Line:
    """Runs of one size; `level` is the paragraph's."""

    runs: tuple[Run, ...]
    size: float
    weight: Weight
    level: int = 0

    @property
    def width(self) -> float:
        return sum(advance(run, self.weight, self.size) for run in self.runs)

    @property
    def above(self) -> float:
        """How far the ink stands above the baseline."""
        return max((ink(run, self.weight, self.size)[0] for run in self.runs), default=0.0)

    @property
    def below(self) -> float:
        return max((ink(run, self.weight, self.size)[1] for run in self.runs), default=0.0)

    def draw(self, pen: ImageDraw.ImageDraw, colours: Image.Image, x: float, baseline: float) -> None:
        """Letters into a mask, by its pen; emoji into a picture of the same size."""
        for run in self.runs:
            if run.family == EMOJI:
                drawn = emoji(run, round(self.size * EMOJI_HEIGHT / EMOJI_SIZE))
                colours.alpha_composite(drawn, (round(x), round(baseline - self.size * EMOJI_ABOVE / EMOJI_SIZE)))
            else:
                face = font(run.family, self.weight, self.size)
                wider = stroke(run.family, self.weight, self.size)
                pen.text(
                    (x, baseline),
                    run.drawn,
                    255,
                    face,
                    "ls",
                    direction=run.direction,
                    language=run.language,
                    stroke_width=wider,
                )
            x += advance(run, self.weight, self.size)


@lru_cache(maxsize=8192)
def advance(run: Run, weight: Weight, size: float) -> float:
    """A run's width."""
    face = font(run.family, weight, size)
    width = face.getlength(run.drawn, direction=run.direction, language=run.language)
    return width * size / EMOJI_SIZE if run.family == EMOJI else width


@lru_cache(maxsize=4096)
def ink(run: Run, weight: Weight, size: float) -> tuple[float, float]:
    """How far a run stands above and hangs below the baseline."""
    if run.family == EMOJI:
        return EMOJI_ABOVE * size / EMOJI_SIZE, (EMOJI_HEIGHT - EMOJI_ABOVE) * size / EMOJI_SIZE
    wider = stroke(run.family, weight, size)
    _, top, _, bottom = font(run.family, weight, size).getbbox(
        run.drawn, anchor="ls", stroke_width=wider, direction=run.direction, language=run.language
    )
    return max(-top, 0.0), max(bottom, 0.0)


@lru_cache(maxsize=256)
def emoji(run: Run, height: int) -> Image.Image:
    """One emoji in its colours."""
    face = font(EMOJI, "regular", EMOJI_SIZE)
    width = max(round(face.getlength(run.text, direction=run.direction)), 1)
    large = Image.new("RGBA", (width, EMOJI_HEIGHT))
    ImageDraw.Draw(large).text(
        (0, EMOJI_ABOVE), run.text, font=face, anchor="ls", direction=run.direction, embedded_color=True
    )
    return large.resize((max(round(width * height / EMOJI_HEIGHT), 1), max(height, 1)), Image.Resampling.LANCZOS)
