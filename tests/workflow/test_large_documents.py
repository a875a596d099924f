"""The largest document that is allowed: 500 scenes are planned in a moment, and twice the scenes are twice the work."""

from __future__ import annotations

import time
from typing import Any

import pytest

from rendering.engine import captions, cues, segments
from rendering.engine.timeline import Timeline
from rendering.video_templates import catalogue, samples
from rendering.video_templates.base import AssetFacts
from rendering.workflow import document as documents
from rendering.workflow import plan
from rendering.workflow.document_fields import MOST_SCENES
from tests.growth import lines_run

LINEAR = 2.2
"""Twice the scenes may be this much more work; quadratic work would be four times as much."""
TEMPLATES = [template.template for template in catalogue.all()]


def document(scenes: int, template: str = "picture", seconds: float = 4.0) -> dict[str, Any]:
    """A document with everything that a scene can have: parameters of full length, caption, narration, transition."""
    return documents.validate(
        {
            "title": "The largest film",
            "scenes": [
                {
                    "template": template,
                    "duration": seconds,
                    "params": samples.of(catalogue.get(template), "long"),
                    "caption": f"Scene {at}: " + "the ferry leaves the harbour at dawn, and the gulls follow. " * 3,
                    "narration": "voice.wav",
                    "transition": {"kind": "crossfade", "duration": 0.5} if at else None,
                }
                for at in range(scenes)
            ],
        },
        for_render=True,
    )


def facts_of(valid: dict[str, Any], voice_seconds: float = 3.0) -> dict[str, AssetFacts]:
    return {
        use.asset: AssetFacts("1" * 64, use.type, 640, 480, duration=voice_seconds, has_audio=True)
        for use in documents.asset_references(valid)
    }


def planned(scenes: int, template: str = "picture", **options: Any) -> Timeline:
    valid = document(scenes, template, **options)
    return plan.timeline(valid, facts_of(valid))


def test_the_largest_document_is_planned_in_less_than_a_second_of_work():
    began = time.process_time()
    film = planned(MOST_SCENES)
    assert time.process_time() - began < 1.0
    assert len(film.video) == MOST_SCENES
    assert all(clip.layers[-1].kind == "text" for clip in film.video)  # its caption


@pytest.mark.parametrize("template", TEMPLATES)
def test_twice_the_scenes_are_twice_the_planning(template: str):
    planned(1, template)
    small, _ = lines_run(lambda: planned(20, template))
    large, _ = lines_run(lambda: planned(40, template))
    assert large < LINEAR * small


STEPS = {
    "hash": lambda valid, film: documents.content_hash(valid),
    "length": lambda valid, film: documents.duration(valid),
    "references": lambda valid, film: documents.asset_references(valid),
    "segments": lambda valid, film: segments.split(film),
    "one_segment": lambda valid, film: segments.one(film, film.frames - 1),
    "cues": lambda valid, film: cues.cues(film, [scene["caption"] for scene in valid["scenes"]]),
    "captions": lambda valid, film: captions.burned(film, [scene["caption"] for scene in valid["scenes"]]),
}


@pytest.mark.parametrize("step", STEPS)
def test_twice_the_scenes_are_twice_the_work_of_each_step(step: str):
    def work(scenes: int) -> int:
        valid = document(scenes)
        film = plan.timeline(valid, facts_of(valid))
        STEPS[step](valid, film)  # what is kept for the whole process is there
        fresh = Timeline.from_json(film.to_json())
        return lines_run(lambda: STEPS[step](valid, fresh))[0]

    assert work(200) < LINEAR * work(100)


def test_a_caption_that_a_long_narration_holds_is_not_looked_for_in_the_rest_of_the_film():
    def work(scenes: int) -> int:
        valid = document(scenes)
        film = plan.timeline(valid, facts_of(valid, voice_seconds=600.0))
        return lines_run(lambda: captions.burned(film, [scene["caption"] for scene in valid["scenes"]]))[0]

    assert work(200) < LINEAR * work(100)


def test_a_frame_of_a_long_film_describes_one_segment(monkeypatch: pytest.MonkeyPatch):
    film = planned(100)
    hashed: list[str] = []
    key = segments.key
    monkeypatch.setattr(segments, "key", lambda spec: hashed.append(key(spec)) or hashed[-1])
    spec, number = segments.one(film, film.frames // 2)
    assert hashed == [spec.key]
    assert (spec, number) == segments.at(segments.split(film), film.frames // 2)


@pytest.mark.parametrize("frame", [-1, 105, 10**9])
def test_a_frame_that_the_film_does_not_have_is_none(frame: int):
    film = planned(1, seconds=3.5)
    assert film.frames == 105
    with pytest.raises(IndexError):
        segments.one(film, frame)
    with pytest.raises(IndexError):
        segments.at(segments.split(film), frame)
