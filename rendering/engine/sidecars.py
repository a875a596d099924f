"""Captions beside the film, as SubRip (SRT) and WebVTT."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Literal

import pysubs2

from rendering.engine.cues import Cue

Format = Literal["srt", "vtt"]


def written(cues: Sequence[Cue], format: Format) -> str:
    """The cues as a file."""
    file = pysubs2.SSAFile()
    for cue in cues:
        event = pysubs2.SSAEvent(start=round(cue.start * 1000), end=round(cue.end * 1000))
        # WebVTT has markup of its own, and an arrow would begin another cue.
        event.plaintext = html.escape(cue.text, quote=False) if format == "vtt" else cue.text.replace("-->", "→")
        file.append(event)
    # "Tags" are what stands in braces: people's own words, to be kept.
    return str(file.to_string(format, keep_ssa_tags=True))
