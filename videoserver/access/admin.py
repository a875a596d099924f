"""API keys in the admin: made here, shown once, revoked here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from videoserver.access.models import ApiKey
from videoserver.web.admin import BaseAdmin
from videoserver.web.permissions import SCOPES


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """Scopes are ticked."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        initial=["read", "write"],
        help_text="read and write its owner's things; review: decide about storyboards, as far as its owner may.",
    )

    class Meta:
        model = ApiKey
        fields = ["owner", "name", "scopes", "expires_at"]


@admin.register(ApiKey)
class ApiKeyAdmin(BaseAdmin):
    """Nobody sees a key after the page that made it, and nobody deletes its trace: it is revoked."""

    form = ApiKeyForm
    list_display = ["__str__", "owner", "state", "last_used_at", "expires_at", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "prefix", "owner__username"]
    actions = ["revoke"]

    @admin.display(description="State")
    def state(self, key: ApiKey) -> str:
        """In words."""
        if key.revoked_at:
            return "revoked"
        return "usable" if key.is_usable else "expired"

    @admin.action(description="Revoke the chosen keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Shut keys for good."""
        count = sum(key.revoke() for key in queryset)
        self.message_user(request, f"{count} revoked. They open nothing any more.", messages.SUCCESS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """A superuser sees all keys, others their own."""
        keys: QuerySet[ApiKey] = super().get_queryset(request)
        return keys if request.user.is_superuser else keys.filter(owner__pk=request.user.pk or 0)

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        """A key acts as its owner, so only a superuser makes one for somebody else."""
        if db_field.name == "owner" and not request.user.is_superuser:
            kwargs["queryset"] = User.objects.filter(pk=request.user.pk or 0)
            kwargs["initial"] = request.user.pk
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        """What a key is stays; only its name may change."""
        return ["owner", "scopes", "expires_at", "revoked_at", "last_used_at"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Revoked, never deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """A new key is issued; its text lives for this request only."""
        if change:
            obj.save(update_fields=["name"])
            return
        issued, text = ApiKey.objects.issue(obj.owner, obj.name, obj.scopes, obj.expires_at)
        obj.__dict__.update(issued.__dict__)
        request.new_api_key = text  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the key, once: on the page itself, since a message would be kept in a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": "The new API key",
            "opts": self.model._meta,
            "key": obj,
            "text": request.new_api_key,  # type: ignore[attr-defined]
        }
        response = TemplateResponse(request, "admin/access/apikey/created.html", context)
        response["Cache-Control"] = "no-store"
        return response
