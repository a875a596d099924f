"""The admin's form of a storyboard: it gathers the whole document and lets the workflow check and write it."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib.auth.models import User
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from rendering.exceptions import RenderingError
from rendering.models import CONTENT_FIELDS, Storyboard
from rendering.models.storyboard import words
from rendering.video_templates import catalogue
from rendering.video_templates.fields import Choice, Field, Number, Whole
from rendering.video_templates.groups import object_schema
from rendering.workflow import assets
from rendering.workflow import document as documents
from rendering.workflow.document_fields import FIELDS, SCENE_FIELDS

LABELS = {"fps": "Frames a second", "loudness_lufs": "Loudness (LUFS)", "captions": "Captions", "video_path": "Way"}


class PartField(forms.JSONField):
    """A part of the document as JSON. The editor's script makes fields of it, by the schema that is beside it."""

    widget = UnfoldAdminTextareaWidget

    def __init__(self, schema: dict[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self.widget.attrs |= {"data-schema": json.dumps(schema), "spellcheck": "false"}

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError as error:
            raise forms.ValidationError("This is nested too deeply.") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except RecursionError:
            return forms.fields.InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        text = super().prepare_value(value)
        return text if isinstance(value, forms.fields.InvalidJSONInput) else json.dumps(json.loads(text), indent=2)


class StoryboardForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's own cannot be subscripted
    """The document. `revision` says which one the page was made from: a newer one is never overwritten."""

    editor: User
    """Who fills it in; the admin says it."""
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    scenes = PartField({}, required=False, label="Scenes")

    class Meta:
        model = Storyboard
        fields = ["title", "campaign", *CONTENT_FIELDS, "metadata"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "scenes" not in self.fields:  # the page of somebody who may only look
            return
        self.fields["scenes"].widget.attrs["data-schema"] = json.dumps(scenes_schema())
        adding = self.instance._state.adding
        self.initial["revision"] = self.instance.revision
        self.initial["scenes"] = [] if adding else self.instance.document()["scenes"]

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            owner = self.editor if self.instance._state.adding else self.instance.owner
            try:
                assets.resolve(documents.validate(self.document()), owner)
            except RenderingError as error:
                self.show(error)
            self.refuse_overwriting()
        return self.cleaned_data

    def document(self) -> dict[str, Any]:
        """The whole storyboard as it was typed."""
        typed = self.cleaned_data
        own = {name: typed[name] for name in CONTENT_FIELDS}
        return own | {
            "title": typed["title"],
            "campaign": str(typed["campaign"].pk) if typed["campaign"] else None,
            "metadata": typed["metadata"] or {},
            "scenes": [] if typed["scenes"] is None else typed["scenes"],
        }

    def refuse_overwriting(self) -> None:
        """Who types long may be overtaken: then what was typed stays on the page, and nothing is written."""
        now = Storyboard.objects.filter(pk=self.instance.pk).values_list("revision", "last_editor__username").first()
        shown = self.cleaned_data.get("revision")
        if now and shown and now[0] != shown:
            self.add_error(
                None,
                f"{now[1]} saved revision {now[0]} while you worked on revision {shown}. Nothing of yours was saved, "
                "and all of it is still here: keep a copy of what you need, then open the storyboard anew.",
            )

    def show(self, error: RenderingError) -> None:
        """Put every error at its field; the editor's script finds the place inside of it."""
        for problem in error.errors or [{"pointer": "", "detail": error.detail}]:
            match problem["pointer"].split("/"):
                case ["", "scenes", number, *rest]:
                    place = ", ".join(
                        [f"Scene {int(number) + 1}", *(step_words(step) for step in rest if step != "params")]
                    )
                    self.add_error("scenes", f"{place}: {problem['detail']}")
                case ["", name, *rest] if name in self.fields:
                    self.add_error(name, ": ".join([*rest, problem["detail"]]))
                case _:
                    self.add_error(None, problem["detail"])
        if error.more:
            self.add_error(None, error.more)
        for name in ("scenes", "soundtrack", "brand"):
            inside = [each for each in error.errors if each["pointer"].startswith(f"/{name}/")]
            self.fields[name].widget.attrs["data-errors"] = json.dumps(inside)


def step_words(step: str) -> str:
    """One step of a pointer as a person says it: people count from 1."""
    return str(int(step) + 1) if step.isdecimal() else words(step)


def scenes_schema() -> dict[str, Any]:
    """What the editor needs to know about scenes: their own fields, and those of every template."""
    scene = {name: field for name, field in SCENE_FIELDS.items() if name not in ("id", "template")}
    return {
        "scene": object_schema(scene),
        "templates": {
            template.template: {"label": template.label(), "schema": template.schema()} for template in catalogue.all()
        },
    }


def form_field(name: str) -> forms.Field:
    """The form's field for one of the document's: the same bounds, words and help."""
    field: Field[Any] = FIELDS[name]
    said: dict[str, Any] = {"label": LABELS.get(name) or name.replace("_", " ").capitalize(), "required": False}
    said |= {"help_text": field.help, "initial": field.initial()}
    match field:
        case Choice():
            words = [(word, word.replace("_", " ")) for word in field.among]
            return forms.ChoiceField(choices=words, widget=UnfoldAdminSelectWidget(), **said)
        case Whole():
            said |= {"min_value": field.least, "max_value": field.most, "step_size": 2 if field.even else None}
            return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget(), **said)
        case Number():
            said |= {"min_value": field.least, "max_value": field.most}
            return forms.FloatField(widget=UnfoldAdminIntegerFieldWidget(), **said)
        case _:
            return PartField(field.schema(), **said)
