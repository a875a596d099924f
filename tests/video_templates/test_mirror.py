"""A script that runs from right to left turns its layout over."""

from __future__ import annotations

from typing import Any

import pytest

from rendering.engine.timeline import Clip, TextLayer
from rendering.video_templates import catalogue, samples
from rendering.video_templates.mirror import mirrored, runs_to_the_left
from rendering.workflow import document as documents
from rendering.workflow import plan

LATIN = {"title": "The ferry", "body": "No smoke"}


def laid_out(params: dict[str, Any]) -> Clip:
    scene = {"template": "announcement", "duration": 3, "params": params}
    return plan.timeline(documents.validate({"title": "T", "scenes": [scene]}), {}).video[0]


def title_of(clip: Clip, text: str) -> TextLayer:
    (found,) = [layer for layer in clip.layers if isinstance(layer, TextLayer) and layer.text == text]
    return found


@pytest.mark.parametrize("title", ["العبّارة الكهربائية", "המעבורת", "2026: שנה טובה"])
def test_an_arabic_or_hebrew_title_stands_where_its_readers_begin(title: str) -> None:
    latin, other = laid_out(LATIN), laid_out(LATIN | {"title": title})
    left = title_of(latin, LATIN["title"]).box[0]
    box = title_of(other, title).box
    assert box[0] + box[2] == pytest.approx(1920 - left)
    assert title_of(other, title).align == "start"


def test_latin_hindi_and_chinese_keep_their_layout() -> None:
    place = title_of(laid_out(LATIN), LATIN["title"]).box[0]
    for title in ("हिन्दी", "批准它", "The مرحبا ferry", "🚢"):
        assert title_of(laid_out(LATIN | {"title": title}), title).box[0] == place


def test_what_is_turned_over_twice_is_as_it_was() -> None:
    clip = laid_out(LATIN)
    twice = mirrored(mirrored(clip, 1920), 1920)
    for layer, again in zip(clip.layers, twice.layers, strict=True):
        assert getattr(again, "box", None) == pytest.approx(getattr(layer, "box", None))
        assert again.shift_x == layer.shift_x
    assert mirrored(clip, 1920) != clip


@pytest.mark.parametrize("name", catalogue.names())
def test_sample_texts_run_to_the_right(name: str) -> None:
    template = catalogue.get(name)
    assert not runs_to_the_left(template.fields, samples.of(template, "short"))
