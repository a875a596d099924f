"""Templates: found by name, described and checked by one definition, and open to a project's own."""

import subprocess
import sys

import pytest

from rendering.engine.timeline import Clip, TextLayer
from rendering.video_templates import catalogue
from rendering.video_templates.base import SceneFrame, Template
from rendering.video_templates.check import Check
from rendering.video_templates.fields import Asset, Choice, Colour, Number, Text, Whole
from rendering.video_templates.groups import Group, ListOf


class Quiz(Template):
    """A question with answers."""

    template = "pub_quiz"
    name = Text(most=20, required=True)
    answers = ListOf(
        Group({"text": Text(most=10, required=True), "picture": Asset("image"), "points": Whole(1, least=0, most=9)}),
        least=1,
        most=3,
    )
    tags = ListOf(Text(most=5, required=True), most=2)
    pace = Number(1.0, least=0.1, most=2)
    ink = Colour("#112233")
    mood = Choice("calm", among=("calm", "wild"))

    def clip(self, scene: SceneFrame) -> Clip:
        box = (0, 0, scene.width, scene.height)
        return Clip(scene.frames, (TextLayer(text=self.name, box=box, color=self.ink),))


@pytest.fixture
def quiz(monkeypatch):
    monkeypatch.setattr(catalogue, "_templates", dict(catalogue._templates))
    return catalogue.register(Quiz)


def check(template, params):
    found = Check([])
    cleaned = template.clean(params, "", found)
    return cleaned, [(error.pointer, error.code) for error in found.errors]


def test_a_project_registers_its_own_and_both_spellings_find_it(quiz):
    assert catalogue.get("pub-quiz") is catalogue.get("pub_quiz") is Quiz
    assert "pub_quiz" in catalogue.names()
    assert Quiz in catalogue.all()


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(catalogue.UnknownTemplate, match="There is no template 'juggling'"):
        catalogue.get("juggling")


def test_the_fields_fill_in_defaults_and_reach_the_layers(quiz):
    cleaned, errors = check(Quiz, {"name": "Round one", "answers": [{"text": "42"}]})
    assert errors == []
    assert cleaned["answers"] == [{"text": "42", "picture": "", "points": 1}]
    assert Quiz.defaults()["mood"] == "calm"
    layer = Quiz(cleaned).clip(SceneFrame(100, 50, 10, 20)).layers[0]
    assert (layer.text, layer.color) == ("Round one", "#112233")


def test_errors_inside_of_lists_have_their_place(quiz):
    _, errors = check(
        Quiz,
        {
            "name": None,
            "answers": [{"text": "a", "points": 10}, {"text": 5, "typo": 1}, "b", {"text": "c"}],
            "tags": ["ok", "much too long"],
            "ink": "#12345",
            "mood": "wild ",
            "pace": True,
        },
    )
    assert set(errors) == {
        ("/name", "required"),
        ("/answers", "max_length"),
        ("/answers/0/points", "max_value"),
        ("/answers/1/text", "invalid"),
        ("/answers/1/typo", "unknown"),
        ("/answers/2", "invalid"),
        ("/tags/1", "max_length"),
        ("/ink", "invalid"),
        ("/mood", "invalid_choice"),
        ("/pace", "invalid"),
    }


def test_the_schema_comes_from_the_same_fields(quiz):
    schema = Quiz.schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "Pub quiz"
    assert schema["description"] == "A question with answers."
    assert schema["required"] == ["name"]
    answers = schema["properties"]["answers"]
    assert (answers["minItems"], answers["maxItems"]) == (1, 3)
    assert answers["items"]["properties"]["points"]["maximum"] == 9
    assert schema["properties"]["mood"]["enum"] == ["calm", "wild", None]


def test_a_field_cannot_hide_what_templates_have_themselves():
    with pytest.raises(TypeError, match="cannot have a field called clip"):
        type("Broken", (Template,), {"template": "broken", "clip": Text(most=5)})


def test_a_template_needs_a_plain_name():
    with pytest.raises(ValueError, match="one lower-case word"):
        catalogue.register(type("Nameless", (Template,), {"template": "two words"}))


def test_templates_open_neither_django_nor_pixels():
    program = (
        "import sys, rendering.video_templates.catalogue\n"
        "print([name for name in ('django', 'av', 'cv2', 'moviepy', 'PIL', 'numpy') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
