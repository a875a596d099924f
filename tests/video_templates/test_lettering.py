"""The widths that templates reckon with are those of the letters that are drawn."""

import pytest

from rendering.engine.timeline import TextLayer
from rendering.engine.typeset import set_text
from rendering.video_templates.lettering import LINE, height, largest, lines, text_width

SENTENCES = ["The ferry goes electric", "WAVE 100 % of it, (really)!", "illicit fjord", "a@b.example/path?q=1"]
LONG = "Everybody on the quay knows the old ferry, and from this summer on she runs on electricity. "


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize("weight", ["regular", "bold"])
def test_a_line_is_as_wide_as_the_engine_draws_it(text, weight):
    drawn = set_text(TextLayer(text=text, box=(0, 0, 9000, 900), size=100, weight=weight)).width
    assert text_width(text, 100, weight == "bold") == pytest.approx(drawn, rel=0.03)


@pytest.mark.parametrize("width", [300, 500, 900, 1400])
@pytest.mark.parametrize("bold", [False, True])
def test_text_is_broken_as_the_engine_breaks_it(width, bold):
    box = (0, 0, width, height(LONG, 40, width, bold))
    layer = TextLayer(text=LONG, box=box, size=40, weight="bold" if bold else "regular")
    block = set_text(layer)
    assert block.size >= 40 * 0.84
    assert abs(len(block.lines) - lines(LONG, 40, width, bold)) <= 1
    assert not block.cut


def test_the_largest_size_fits_and_no_step_more_would():
    size = largest(LONG, (600, 200), (10, 80))
    assert height(LONG, size, 600) <= 200 < height(LONG, size * 1.05, 600)
    assert largest("Hi", (600, 200), (10, 80)) == 80
    assert largest(LONG * 9, (100, 50), (10, 80)) == 10


def test_words_longer_than_a_line_are_counted_in_parts():
    assert lines("a" * 100, 10, 100) > 4
    assert height("a", 10, 100) == 10 * LINE
