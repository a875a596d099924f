"""The admin's forms of a storyboard: they gather the document and let the workflow check and write it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet

from rendering.models import CONTENT_FIELDS, Scene, Storyboard
from rendering.video_templates import catalogue
from rendering.workflow import document as documents


class StoryboardForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's own cannot be subscripted
    """The storyboard's own fields. `revision` says which one the page was made from."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Storyboard
        fields = ["title", "campaign", *CONTENT_FIELDS, "metadata"]

    def clean_revision(self) -> int:
        return int(self.cleaned_data["revision"] or self.instance.revision)


class SceneForm(forms.ModelForm):  # type: ignore[type-arg]
    template = forms.ChoiceField()

    class Meta:
        model = Scene
        fields = ["position", "template", "duration", "caption", "params", "narration", "transition"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"].choices = [(name, name.replace("_", " ")) for name in catalogue.names()]  # type: ignore[attr-defined]


class SceneFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """All scenes at once: the document can only be checked whole."""

    def validate_unique(self) -> None:
        """Positions are given anew, in the order that was typed: two equal ones are no error."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = self.in_order()
        try:
            documents.validate(self.document())
        except documents.DocumentInvalid as error:
            for problem in error.errors:
                self.show(problem, kept)

    def in_order(self) -> list[SceneForm]:
        """The forms that stay, by the position that was typed."""
        kept = [form for form in self.forms if form.has_changed() or form.instance.position is not None]
        kept = [form for form in kept if form not in self.deleted_forms and form.cleaned_data]
        return sorted(kept, key=lambda form: form.cleaned_data["position"])

    def document(self) -> dict[str, Any]:
        """The whole storyboard as it was typed."""
        scenes = [scene_document(form) for form in self.in_order()]
        storyboard = self.instance
        own = {name: getattr(storyboard, name) for name in CONTENT_FIELDS}
        return own | {
            "title": storyboard.title,
            "campaign": str(storyboard.campaign_id) if storyboard.campaign_id else None,
            "metadata": storyboard.metadata or {},
            "scenes": scenes,
        }

    def show(self, problem: dict[str, str], kept: list[SceneForm]) -> None:
        """Put an error where its pointer says."""
        match problem["pointer"].split("/"):
            case ["", "scenes", number, field, *rest] if int(number) < len(kept):
                form = kept[int(number)]
                place = f"{'/'.join(rest)}: " if rest else ""
                form.add_error(field if field in form.fields else None, place + problem["detail"])
            case _:
                self._non_form_errors.append(f"{problem['pointer']}: {problem['detail']}")  # type: ignore[attr-defined]


def scene_document(form: SceneForm) -> dict[str, Any]:
    typed = form.cleaned_data
    scene = {
        "template": typed["template"],
        "duration": float(typed["duration"]),
        "params": typed["params"] or {},
        "caption": typed["caption"],
        "narration": typed["narration"] or None,
        "transition": typed["transition"] or None,
    }
    if form.instance.pk and not form.instance._state.adding:
        scene["id"] = str(form.instance.pk)
    return scene
