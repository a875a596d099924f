"""System checks: can this machine set text. They look at Pillow's build and open no font."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import PIL
from django.core.checks import CheckMessage, Error, Warning, register
from PIL import features

CURE = "Run: pip install --no-deps -r overrides.txt"
LEAST_PILLOW = 13


@register("rendering")
def text_shaping(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Without Raqm and FriBiDi, Arabic, Hebrew and Hindi fall apart."""
    if lacking := [name for name in ("raqm", "fribidi", "harfbuzz") if not features.check(name)]:
        told = f"Text cannot be shaped: this Pillow ({PIL.__version__}) has no {' and no '.join(lacking)}."
        return [Error(told, hint=CURE, id="rendering.E001")]
    return []


@register("rendering")
def pillow_version(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Older releases have known holes in their decoders."""
    if int(PIL.__version__.split(".")[0]) < LEAST_PILLOW:
        told = f"Pillow {PIL.__version__} is older than {LEAST_PILLOW} and has known vulnerabilities."
        return [Warning(told, hint=CURE, id="rendering.W001")]
    return []
