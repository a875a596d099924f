"""A contact sheet: templates in all shapes with short, long and missing values, as one picture with labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from rendering.engine.faces import FONTS
from rendering.video_templates import samples
from rendering.video_templates.base import Template
from rendering.workflow import document as documents
from rendering.workflow import template_stills
from rendering.workflow.frame_size import ASPECT_RATIOS

GROUND, LINE, LABEL, FAINT = "#15181f", "#262b36", "#f2f4f8", "#8b93a5"
GAP, EDGE, HEAD, NAME = 20, 40, 64, 40


@dataclass(frozen=True)
class Look:
    """How the pictures are made."""

    quality: str = "480p"
    seconds: float = 5.0
    color: str = "#0b5fff"
    row_height: int = 270
    moviepy_layers: Sequence[str] = ()


def draw(
    templates: Sequence[type[Template]],
    ratios: Sequence[str],
    folder: Path,
    look: Look,
    on_cell: Callable[[int, int], None] | None = None,
) -> Image.Image:
    """One row for each template and length of its values, one column for each shape."""
    rows = [(template, length) for template in templates for length in samples.LENGTHS]
    widths = [round(look.row_height * ASPECT_RATIOS[ratio]) for ratio in ratios]
    width = 2 * EDGE + sum(widths) + GAP * (len(widths) - 1)
    height = HEAD + len(rows) * (look.row_height + NAME + GAP) + EDGE
    sheet = Image.new("RGB", (width, height), GROUND)
    pen = ImageDraw.Draw(sheet)
    lefts = [EDGE + sum(widths[:at]) + GAP * at for at in range(len(widths))]
    for ratio, left in zip(ratios, lefts, strict=True):
        pen.text((left, HEAD - 20), ratio, FAINT, label(20), "ls")
    for number, (template, length) in enumerate(rows):
        top = HEAD + number * (look.row_height + NAME + GAP)
        pen.line((EDGE, top, width - EDGE, top), LINE)
        pen.text((EDGE, top + NAME - 12), template.label(), LABEL, label(20, "Bold"), "ls")
        after = EDGE + pen.textlength(template.label(), label(20, "Bold")) + 12
        pen.text((after, top + NAME - 12), length, FAINT, label(20), "ls")
        for at, ratio in enumerate(ratios):
            picture = cell(template, length, ratio, folder, look)
            sheet.paste(
                picture.resize((widths[at], look.row_height), Image.Resampling.LANCZOS), (lefts[at], top + NAME)
            )
            if on_cell:
                on_cell(number * len(ratios) + at + 1, len(rows) * len(ratios))
    return sheet


def cell(template: type[Template], length: samples.Length, ratio: str, folder: Path, look: Look) -> Image.Image:
    """One template in one shape."""
    document = documents.validate(
        {
            "title": template.label(),
            "aspect_ratio": ratio,
            "quality": look.quality,
            "brand": {"color": look.color},
            "scenes": [
                {"template": template.template, "duration": look.seconds, "params": samples.of(template, length)}
            ],
        },
        for_render=True,
    )
    output = folder / "cell.jpg"
    files = template_stills.placeholders(document, folder)
    template_stills.draw(document, files, output, moviepy_layers=look.moviepy_layers)
    return Image.open(BytesIO(output.read_bytes()))


def label(size: int, weight: str = "Regular") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"Inter-{weight}.otf", size)
