"""Text on pixels: inside its box, whole, shaped."""

import numpy as np
import pytest
from PIL import features

from rendering.engine import captions, faces
from rendering.engine.errors import TextNotShaped
from rendering.engine.faces import FAMILIES, font
from rendering.engine.planes import Planes, blend
from rendering.engine.runs import runs
from rendering.engine.text import draw, warnings
from rendering.engine.timeline import TextLayer, Timeline, at_frame
from rendering.engine.typeset import ELLIPSIS, set_text

LONG = "The fishing boats come home at dawn while the gulls are loud above the quays and nobody sleeps any more"
raqm = pytest.mark.skipif(not features.check("raqm"), reason="this Pillow has no Raqm")


@pytest.mark.parametrize("words", ["سلام", "שלום", "नाव", "เรือ", "Quay سلام", "👨\u200d👩\u200d👧", "🇫🇮"])
def test_without_fribidi_what_would_be_wrong_is_refused(words, monkeypatch):
    monkeypatch.setattr(faces, "SHAPING", False)
    with pytest.raises(TextNotShaped, match="lacks the library FriBiDi"):
        runs.__wrapped__(words)


@pytest.mark.parametrize("words", ["Jälleen 12 €", "Набережная", "Προβλήτα", "码头", "波止場", "Quay 🎣 ❤️"])
def test_without_fribidi_all_else_is_drawn(words, monkeypatch):
    monkeypatch.setattr(faces, "SHAPING", False)
    assert "".join(run.text for run in runs.__wrapped__(words)) == words


def text(words, box=(100, 100, 400, 120), size=48.0, **options):
    return TextLayer(text=words, box=box, size=size, **options)


def lines(layer):
    return ["".join(run.text for run in line.runs) for line in set_text(layer).lines]


def ink(layer, size=(640, 360)):
    """Left, top, right, bottom of what is drawn."""
    canvas = Planes.blank(*size)
    blend(canvas, draw(layer))
    rows, columns = np.nonzero(canvas.y > 40)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize(
    "words", ["Quay", LONG, LONG * 5, "Jgpqy" * 30, "W", "Ünï\nzwei Zeilen", "שלום עולם", "मछली की नाव"]
)
@pytest.mark.parametrize("box", [(100, 100, 400, 120), (10, 20, 90, 300), (300, 40, 200, 20)])
@pytest.mark.parametrize("anchor", ["top", "bottom"])
def test_text_never_leaves_its_box(words, box, anchor):
    left, top, right, bottom = ink(text(words, box, anchor=anchor))
    assert left >= box[0] - 2
    assert right <= box[0] + box[2] + 2
    assert top >= box[1] - 1
    assert bottom <= box[1] + box[3] + 1


def test_it_keeps_its_size_then_shrinks_then_wraps_then_is_cut():
    assert set_text(text("Short")).size == 48
    little = set_text(text("Just a little too long"))
    assert (len(little.lines), 48 * 0.85 <= little.size < 48) == (1, True)
    wrapped = set_text(text("The old harbour lies at dawn"))
    assert (len(wrapped.lines), wrapped.size > 40) == (2, True)
    cut = lines(text(LONG * 3))
    assert cut[-1].endswith(ELLIPSIS)
    assert all(word.rstrip(ELLIPSIS) in LONG * 3 for line in cut for word in line.split())


def test_wrapped_lines_are_about_equally_long():
    block = set_text(text("one two three four five six seven", box=(0, 0, 500, 300)))
    widths = [line.width for line in block.lines]
    assert len(widths) == 2
    assert min(widths) > 0.7 * max(widths)


def test_descenders_are_whole():
    """The tail of a g reaches as far below the line with much room as with little."""
    tight, roomy = (ink(text("gjpqy", box=(100, 100, 400, high), anchor="top")) for high in (62, 200))
    assert tight == roomy
    _, _, _, without = ink(text("nnn", box=(100, 100, 400, 200), anchor="top"))
    assert tight[3] - without >= 48 * 0.18


@pytest.mark.parametrize("align", ["left", "center", "right"])
@pytest.mark.parametrize("anchor", ["top", "middle", "bottom"])
def test_text_stands_where_it_is_told(align, anchor):
    left, top, right, bottom = ink(text("HHH", size=40.0, align=align, anchor=anchor))
    across = {"left": 100 - left, "center": 300 - (left + right) / 2, "right": 500 - right}[align]
    down = {"top": 110 - top, "middle": 160 - (top + bottom) / 2, "bottom": 210 - bottom}[anchor]
    assert abs(across) <= 6
    assert abs(down) <= 8


def test_a_plate_lies_behind_the_lines_and_inside_the_box():
    layer = text("Dawn", plate="#ffffff", color="#000000", anchor="bottom")
    left, top, right, bottom = ink(layer)
    assert bottom == 220
    assert abs((left + right) / 2 - 300) <= 1
    assert 150 < right - left < 260
    canvas = Planes.blank(640, 360)
    blend(canvas, draw(layer))
    assert canvas.y[top + 1, left + 1] < 60  # round corners
    assert canvas.y[(top + bottom) // 2, left + 2] == 235
    assert canvas.y[top:bottom, left:right].min() <= 20


def test_a_shadow_darkens_what_lies_around_the_glyphs():
    canvas = Planes.blank(640, 360)
    canvas.fill((180, 128, 128))
    blend(canvas, draw(text("Dawn", shadow=0.8)))
    assert canvas.y.max() >= 233
    assert canvas.y.min() < 130


def test_empty_text_draws_nothing():
    canvas = Planes.blank(640, 360)
    for words in ("", "  ", "\n"):
        blend(canvas, draw(text(words)))
    assert canvas.y.max() == 16


@raqm
def test_arabic_letters_join():
    face = font("NotoSansArabic", "regular", 60)
    joined = face.getlength("سلام", direction="rtl")
    apart = sum(face.getlength(letter, direction="rtl") for letter in "سلام")
    assert joined < 0.8 * apart


@raqm
def test_hebrew_and_latin_in_one_line_stand_in_reading_order():
    def seen(words):
        return [(run.text.strip(), run.right_to_left) for run in runs(words) if run.text.strip()]

    assert seen("Welcome שלום to the harbour") == [("Welcome", False), ("שלום", True), ("to the harbour", False)]
    assert seen("שלום Inter עולם") == [("עולם", True), ("Inter", False), ("שלום", True)]
    assert seen("שלום, Inter 2026!") == [("!", True), ("Inter 2026", False), (",", True), ("שלום", True)]


@pytest.mark.parametrize(
    ("words", "family"),
    [("Hafen", "Inter"), ("Κύμα", "Inter"), ("بحر", FAMILIES[1]), ("ים", FAMILIES[2]), ("नाव", FAMILIES[3])],
)
def test_every_script_has_its_font(words, family):
    assert {run.family for run in runs(words)} == {family}


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1080, 1080), (640, 360), (2520, 1080), (864, 1080)])
def test_a_caption_is_readable_whole_and_in_the_safe_area(size):
    width, height = size
    layer = captions.layer(LONG, Timeline(width, height, 30, ()), 0, 120, 120)
    block = set_text(layer, (0.55, 0.3))
    assert 1 <= len(block.lines) <= 3
    assert not "".join(run.text for line in block.lines for run in line.runs).endswith(ELLIPSIS)
    assert block.size >= 0.028 * min(size)
    left, top, right, bottom = ink(layer, size)
    assert left >= 0.05 * width
    assert right <= 0.95 * width
    assert top >= height / 2
    assert bottom <= 0.95 * height


def test_a_caption_fades_in_and_out():
    layer = captions.layer("Dawn", Timeline(640, 360, 30, ()), 15, 105, 120)
    assert (layer.first, layer.until) == (15, 105)
    levels = [at_frame(layer.opacity, frame) for frame in range(15, 105)]
    assert 0 < levels[0] < 0.6
    assert 0 < levels[-1] < 0.9
    assert levels[10:-10] == [1.0] * 70


def test_the_named_font_is_used_where_it_has_the_glyph_and_others_where_not():
    def families(words, font):
        return {run.family for line in set_text(text(words, font=font)).lines for run in line.runs}

    assert families("Hafen", "Noto Serif") == {"NotoSerif"}
    assert families("Гавань", "noto sans  MONO") == {"NotoSansMono"}
    assert families("Hafen 港", "Noto Serif") == {"NotoSerif", "NotoSansCJK"}
    assert families("Hafen", "Comic Sans") == {"Inter"}
    assert families("a 🎉 b", "Inter") == {"Inter", "NotoColorEmoji"}


def test_emoji_keep_their_colours_and_text_its_own():
    bitmap = draw(text("🟥🟩 #", color="#0000ff"))
    v, u = bitmap.planes.v.astype(int), bitmap.planes.u.astype(int)
    assert v.max() > 200  # red
    assert u.max() > 200  # blue
    assert v[bitmap.alpha_chroma == 255].min() < 115  # green


def test_what_holds_words_together_is_kept_and_blanks_are_not():
    assert lines(text("  10\u00a0000   boats  ")) == ["10\u00a0000 boats"]
    assert lines(text("a\x00b\x1b[31m\u200bc")) == ["ab[31m\u200bc"]


def test_a_soft_hyphen_is_seen_only_where_a_line_ends():
    assert lines(text("Schiff\u00adfahrt")) == ["Schifffahrt"]
    assert lines(text("Dampfschiff\u00adfahrtsgesellschaft", box=(0, 0, 330, 200))) == [
        "Dampfschiff-",
        "fahrtsgesellschaft",
    ]


def test_a_text_that_had_to_be_cut_is_told_of_and_no_other():
    assert warnings(text("Short")) == ()
    (told,) = warnings(text(LONG * 3, role="title"))
    assert told.startswith("the title was shortened to fit: “The fishing boats")
    (told,) = warnings(text("rune ᚠ and ok"))
    assert told == "no bundled font has 1 of the characters of the text: “rune ᚠ and ok”"


@pytest.mark.parametrize("words", ["Ễ Ộ", "ผู้ ที่", "लौटती हैं", "مُحَمَّدٌ", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞"])
def test_piled_marks_stay_in_the_box_and_whole(words):
    box = (100, 100, 400, 120)
    for anchor in ("top", "bottom"):
        _, top, _, bottom = ink(text(words, box, size=90.0, anchor=anchor))
        assert (top >= 99, bottom <= 221) == (True, True)


def test_start_is_where_the_script_begins():
    left, _, right, _ = ink(text("Hafen", align="start"))
    assert (left < 110, right < 400) == (True, True)
    left, _, right, _ = ink(text("نمل", align="start"))
    assert (left > 300, right > 480) == (True, True)


def test_the_longest_texts_are_cut_and_fill_their_box():
    for words in (LONG * 60, "渔船在黎明时分回到老港口，" * 200, "ab" * 2000):
        block = set_text(text(words, box=(0, 0, 1500, 600)))
        assert block.cut
        assert 500 < block.height <= 600
