"""What the buttons of a storyboard's page do: the same functions as the API's, each with its permission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from media_assets.exceptions import MediaError
from rendering.exceptions import RenderingError
from rendering.models import Job, Storyboard
from rendering.workflow import order, review, write

DECISIONS: dict[str, tuple[Callable[..., Model], str]] = {
    "approve": (review.approve, "Approved."),
    "approve_and_render": (review.approve_and_render, "Approved; the film is being rendered."),
    "request_changes": (review.request_changes, "Changes were requested."),
    "take_back": (review.request_changes, "The approval was taken back."),
    "reject": (review.reject, "Rejected."),
}
"""What the buttons call: the same functions as the API."""


class DeedForm(forms.Form):
    """What comes with a button."""

    revision = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    note = forms.CharField(required=False, max_length=10_000)
    brief = forms.CharField(required=False, max_length=100_000)


class StoryboardDeeds:
    """Part of the storyboards' admin. Every deed is a POST; one that decides names the revision that was shown."""

    admin_site: Any
    has_add_permission: Any
    has_change_permission: Any
    has_view_permission: Any

    def deed_urls(self) -> list[URLPattern]:
        deeds = (self.decide, self.submit, self.render, self.generate, self.duplicate)
        return [
            path(
                f"<uuid:pk>/{deed.__name__}/",
                self.admin_site.admin_view(require_POST(deed)),
                name=f"rendering_storyboard_{deed.__name__}",
            )
            for deed in deeds
        ]

    def decide(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """One of the decision buttons, on the revision that the page showed."""
        storyboard = self.found(request, pk, request.user.has_perm("rendering.approve_storyboard"))
        deed, said = DECISIONS.get(request.POST.get("decision", ""), (None, ""))
        if deed is None:
            return HttpResponseBadRequest("There is no such decision.")
        if deed is review.approve_and_render and not order.may_render(cast(User, request.user), storyboard):
            raise PermissionDenied
        return self.act(
            request, storyboard, lambda revision, note: deed(storyboard, cast(User, request.user), revision, note), said
        )

    def submit(self, request: HttpRequest, pk: Any) -> HttpResponse:
        storyboard = self.found(request, pk, self.has_change_permission(request))
        return self.act(
            request,
            storyboard,
            lambda revision, note: review.submit(storyboard, cast(User, request.user), revision, note),
            "Submitted for review.",
        )

    def render(self, request: HttpRequest, pk: Any) -> HttpResponse:
        storyboard = self.found(request, pk)
        if not order.may_render(cast(User, request.user), storyboard):
            raise PermissionDenied
        return self.act(
            request, storyboard, lambda *_: order.render(storyboard, by=cast(User, request.user))[0], progress_of
        )

    def generate(self, request: HttpRequest, pk: Any) -> HttpResponse:
        storyboard = self.found(request, pk, self.has_change_permission(request))
        brief = request.POST.get("brief", "").strip()
        asked = {"brief": brief} if brief else {"only": ["image", "clip"]}
        by = cast(User, request.user)
        return self.act(
            request, storyboard, lambda *_: order.generate(storyboard, asked, by), "The provider is at work."
        )

    def duplicate(self, request: HttpRequest, pk: Any) -> HttpResponse:
        storyboard = self.found(request, pk, self.has_add_permission(request))
        return self.act(
            request,
            storyboard,
            lambda *_: write.duplicate(storyboard, cast(User, request.user)),
            "This is the copy; it is yours.",
        )

    def found(self, request: HttpRequest, pk: Any, allowed: bool = True) -> Storyboard:
        if not (allowed and self.has_view_permission(request)):
            raise PermissionDenied
        return get_object_or_404(Storyboard, pk=pk)

    def act(
        self,
        request: HttpRequest,
        storyboard: Storyboard,
        deed: Callable[[int, str], Model],
        said: str | Callable[[Any], str],
    ) -> HttpResponse:
        """Do it, on the revision that the page showed; then show the job if there is one now, else the storyboard."""
        asked = DeedForm(request.POST)
        if not asked.is_valid():
            messages.error(request, " ".join(str(error) for errors in asked.errors.values() for error in errors))
            return HttpResponseRedirect(page(storyboard))
        try:
            done = deed(asked.cleaned_data["revision"] or 0, asked.cleaned_data["note"])
        except (RenderingError, MediaError) as error:
            messages.error(request, told(error))
            return HttpResponseRedirect(page(storyboard))
        messages.success(request, said if isinstance(said, str) else said(done))
        if isinstance(done, Job) and request.user.has_perm("rendering.view_job"):
            return HttpResponseRedirect(reverse("admin:rendering_job_change", args=[done.pk]))
        return HttpResponseRedirect(page(done if isinstance(done, Storyboard) else storyboard))


def progress_of(job: Job) -> str:
    """The same order is made once: it may be done already."""
    return "This film is there already." if job.has_ended else "The film is being rendered."


def page(storyboard: Storyboard) -> str:
    return reverse("admin:rendering_storyboard_change", args=[storyboard.pk])


def told(error: RenderingError | MediaError) -> str:
    """The sentences of an error, each once."""
    several = [item["detail"] for item in getattr(error, "errors", [])]
    several += filter(None, [getattr(error, "more", "")])
    return " ".join(dict.fromkeys(several)) or error.detail
