"""Django's system checks say loudly that text cannot be set, and how to cure it."""

import PIL
import pytest
from django.core.checks import run_checks
from PIL import features

from rendering import checks

CURE = "pip install --no-deps -r overrides.txt"


def test_all_is_well_here() -> None:
    assert [found.id for found in run_checks() if found.id.startswith("rendering.")] == []


@pytest.mark.parametrize("lacking", ["raqm", "fribidi", "harfbuzz"])
def test_missing_shaping_is_told_with_its_cure_and_stops_nobody(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda name: name != lacking)
    (found,) = [one for one in run_checks() if one.id.startswith("rendering.")]
    assert (found.id, found.is_serious()) == ("rendering.W002", False)
    assert "Arabic" in found.msg
    assert "libfribidi0" in found.hint
    assert CURE in found.hint


def test_an_old_pillow_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PIL, "__version__", "11.3.0")
    (found,) = checks.pillow_version()
    assert (found.id, found.is_serious()) == ("rendering.W001", False)
    assert "11.3.0" in found.msg
    assert CURE in found.hint
