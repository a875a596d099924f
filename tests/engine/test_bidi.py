"""Which way each character runs, as UAX #9 says; letters stand for kinds in some rows."""

import unicodedata

import pytest

from rendering.engine.bidi import REMOVED, levels, visual

SAMPLES = [
    # text, the paragraph's level (None: by its first letter), levels
    ("abc", None, "000"),
    ("אבג", None, "111"),
    ("car is אב in", None, "000000011000"),
    ("אב car גד", None, "111222111"),
    ("אב 12", None, "11122"),
    ("ab 12", None, "00000"),
    ("אב 12 cd", None, "11122122"),
    ("بج 12", None, "11122"),  # European digits behind Arabic letters
    ("ab ١٢", None, "00022"),
    ("אב-12", None, "11122"),
    ("בוקר 5:30", None, "111112222"),
    ("1+2", 1, "222"),
    ("1+٢", 1, "212"),
    ("12%", 1, "222"),
    ("$12", 1, "222"),
    ("א$ 1", None, "1112"),
    ("a(אב)c", 0, "001100"),
    ("a(אב)ג", 0, "001101"),
    ("א(ab)ג", 1, "112211"),
    ("א(bg)", 0, "10000"),
    ("(א)", 0, "010"),
    ("א (ב) c", 0, "1111100"),
    ("a [א b] ג", 0, "000100001"),
    ("אַב", None, "111"),  # a mark goes with its letter
    ("a\u0301א", None, "001"),
    ("אב\tגד", 0, "11011"),
    ("אב ", 0, "110"),
    ("a\u2067אב\u2069c", 0, "001100"),
    ("א\u2066ab\u2069ג", None, "112211"),
    ("a\u2068אב c\u2069d", 0, "00111200"),
    ("\u2068\u2069א", None, "111"),
    ("\u2067a\u2069 א", None, "14111"),
    ("a\u2068, \u2069א", 0, "002201"),
    ("👍 שלום 👍", None, "11111111"),
    ("👍 ok", None, "0000"),
    ("", None, ""),
]


@pytest.mark.parametrize(("text", "base", "wanted"), SAMPLES, ids=lambda value: ascii(value))
def test_levels(text: str, base: int | None, wanted: str) -> None:
    assert "".join(map(str, levels(text, base)[1])) == wanted


def test_overrides_and_embeddings_count_and_are_no_letters_themselves() -> None:
    def kept(text: str, base: int) -> list[int]:
        pairs = zip(text, levels(text, base)[1], strict=True)
        return [level for one, level in pairs if unicodedata.bidirectional(one) not in REMOVED]

    assert kept("a\u202ebc\u202cd", 0) == [0, 1, 1, 0]
    assert kept("\u202dאב\u202cג", 0) == [2, 2, 1]
    assert kept("a\u202bb ג\u202cd", 0) == [0, 2, 1, 1, 0]
    assert kept("\u202a" * 200 + "a", 0) == [124]
    assert kept("\u2067" * 200 + "a", 0)[-1] == 126


def test_the_first_letter_outside_of_isolates_names_the_paragraphs_way() -> None:
    assert levels("2026 – אב c")[0] == 1
    assert levels("«c אב»")[0] == 0
    assert levels("\u2067אב\u2069 c")[0] == 0
    assert levels("123")[0] == 0


def test_a_line_is_turned_around_level_by_level() -> None:
    assert visual([0, 0, 1, 1, 0]) == [0, 1, 3, 2, 4]
    assert visual([1, 1, 2, 2, 1]) == [4, 2, 3, 1, 0]
    assert visual([0, 1, 2, 1, 0, 3]) == [0, 3, 2, 1, 4, 5]
    assert visual([]) == []


def test_a_long_paragraph_takes_no_long_time() -> None:
    base, found = levels("(שלום [12] abc) " * 600)
    assert (base, len(found)) == (1, 600 * 16)
