"""Where lines may end, and what is never parted."""

import pytest

from rendering.engine.breaks import pieces
from rendering.engine.clusters import clusters


def cut(text: str) -> str:
    """The text with a bar wherever a line may end."""
    return "|".join(text[piece.start : piece.stop] for piece in pieces(text))


@pytest.mark.parametrize(
    "parts",
    [
        "The |old |harbour, |at |dawn!",
        "well-|known |and/|or",
        "from |10-20 |to |-5",
        "Bonjour ! |Ça |va ? |50 % |of |3,000.5",
        "« Bonjour » |dit-|il",
        "»Moin« |sagt |er",
        "“Hello |there” |she |said",
        "foo |(bar |baz) |qux",
        "baz|—|qux",
        "1998–|2026 – |and |on",
        "http://|a.example/|path/2026",
        "no\u00a0break |here\u2060too",
        "super\u00ad|cali",
        "zero\u200b|width",
        "こ|れ|は|「テ|ス|ト」|で|す。",
        "ちょっ|と、|待っ|て！",
        "渔|船|在|（黎|明）|时|分。",
        "2026|年|3|月",
        "한국어 |문장",
        "go |🎉|👍🏽|👨‍👩‍👧‍👦|🇩🇪|🇫🇷|1️⃣!",
        "क्षत्रिय |श्रृंखला।",
        "القوارب |تعود؟ |نعم، |غدا",
    ],
)
def test_lines_end_where_a_reader_expects_it(parts: str) -> None:
    assert cut(parts.replace("|", "")) == parts


def test_spaces_belong_to_what_stands_before_and_are_not_measured() -> None:
    assert [(one.start, one.end, one.stop) for one in pieces("ab   cd ")] == [(0, 2, 5), (5, 7, 8)]


@pytest.mark.parametrize(
    "sign",
    ["e\u0301", "👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "1️⃣", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈", "क्षि", "กำ", "ที่", "각"],
)
def test_signs_of_several_code_points_stay_whole(sign: str) -> None:
    assert clusters(f"a{sign}b") == ("a", sign, "b")


def test_neighbours_that_only_look_alike_are_parted() -> None:
    assert clusters("🇩🇪🇫🇷🇮") == ("🇩🇪", "🇫🇷", "🇮")
    assert clusters("👍👍") == ("👍", "👍")
    assert clusters("a\u200db") == ("a\u200d", "b")
