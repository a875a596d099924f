"""What the child says of its fonts and of the shaping of text."""

import pytest
from PIL import features

from rendering.engine import about


@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow has no Raqm")
def test_every_script_is_shaped() -> None:
    assert about.unshaped() == []


def test_without_the_libraries_all_of_them_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda name: name != "fribidi")
    assert about.unshaped() == ["Arabic", "Hindi", "emoji"]


def test_letters_that_stand_alone_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(about.JOINED, "Latin", ("Inter", "abc", 0.8))
    assert "Latin" in about.unshaped()
