"""System checks: can this machine set text. They look at Pillow's build and open no font."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import PIL
from django.core.checks import CheckMessage, Warning, register
from PIL import features

CURE = "Run: pip install --no-deps -r overrides.txt"
LIBRARY = "Install FriBiDi (apt-get install libfribidi0, dnf install fribidi, brew install fribidi)."
LEAST_PILLOW = 13


@register("rendering")
def text_shaping(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Without Raqm and FriBiDi, Arabic, Hebrew and Hindi fall apart. Pillow says of all three what it lacks of one."""
    if not all(features.check(name) for name in ("raqm", "fribidi", "harfbuzz")):
        told = "Arabic, Hebrew, Hindi, Thai and joined emoji cannot be set here; what needs them is refused."
        hint = f"{LIBRARY} If it is there, {CURE[0].lower()}{CURE[1:]}"
        return [Warning(told, hint=hint, id="rendering.W002")]
    return []


@register("rendering")
def pillow_version(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Older releases have known holes in their decoders."""
    if int(PIL.__version__.split(".")[0]) < LEAST_PILLOW:
        told = f"Pillow {PIL.__version__} is older than {LEAST_PILLOW} and has known vulnerabilities."
        return [Warning(told, hint=CURE, id="rendering.W001")]
    return []
